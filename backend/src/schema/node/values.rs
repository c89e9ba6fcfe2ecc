//! Objects as values of the executor's, which can be merged.

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::Selection;
use async_graphql::{ContextSelectionSet, Name, ObjectType, ServerResult, Value};
use futures_util::future::try_join_all;

use super::{boxed, gather, value};

pub(super) async fn list<T: ObjectType>(
    rows: &[T],
    ctx: &ContextSelectionSet<'_>,
) -> ServerResult<Value> {
    let row = |index| async move { object(&rows[index], &ctx.with_index(index)).await };
    if ctx.item.node.items.iter().all(|selection| is_leaf(&selection.node)) {
        let mut values = Vec::with_capacity(rows.len());
        for index in 0..rows.len() {
            values.push(row(index).await?);
        }
        return Ok(Value::List(values));
    }
    try_join_all((0..rows.len()).map(|index| boxed(row(index)))).await.map(Value::List)
}

pub(super) async fn object<T: ObjectType>(
    row: &T,
    ctx: &ContextSelectionSet<'_>,
) -> ServerResult<Value> {
    let items = &ctx.item.node.items;
    let mut values = IndexMap::with_capacity(items.len());
    let mut waiting = Vec::new();
    let mut fields = Vec::new();
    gather::<T>(ctx, &ctx.item.node, &mut fields);
    for field in fields {
        let key = field.node.response_key().node.clone();
        if field.node.selection_set.node.items.is_empty() {
            let value = value(row, ctx, field).await?;
            values.insert(key, value);
        } else {
            // Holds its place in the order of the document.
            values.entry(key.clone()).or_insert(Value::Null);
            waiting.push((key, field));
        }
    }
    if let [(key, field)] = waiting.as_slice() {
        let value = value(row, ctx, field).await?;
        values.insert(key.clone(), value);
        return Ok(Value::Object(values));
    }
    let all = waiting.into_iter().map(|(key, field)| {
        boxed(async move { value(row, ctx, field).await.map(|value| (key, value)) })
    });
    for (key, value) in try_join_all(all).await? {
        merge(values.entry(key), value);
    }
    Ok(Value::Object(values))
}

fn is_leaf(selection: &Selection) -> bool {
    matches!(selection, Selection::Field(field) if field.node.selection_set.node.items.is_empty())
}

/// One field may be asked for in several places, with other fields below it.
fn merge(place: Entry<'_, Name, Value>, value: Value) {
    match (place, value) {
        (Entry::Vacant(place), value) => {
            place.insert(value);
        }
        (Entry::Occupied(mut place), value) => merge_into(place.get_mut(), value),
    }
}

fn merge_into(known: &mut Value, value: Value) {
    match (known, value) {
        (Value::Object(known), Value::Object(value)) => {
            for (key, value) in value {
                merge(known.entry(key), value);
            }
        }
        (Value::List(known), Value::List(value)) => {
            known.iter_mut().zip(value).for_each(|(known, value)| merge_into(known, value));
        }
        (known, value) => *known = value,
    }
}
