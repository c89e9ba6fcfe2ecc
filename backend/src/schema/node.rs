//! Executes the fields of objects.
//!
//! The executor's own way allocates twice for each field and waits for all of them at once; most
//! fields are members of a row that is there already. Here they are resolved one after the other,
//! and only fields with fields of their own wait side by side, so that their loaders still gather
//! one level. This also keeps the order of the document, and lets a failure rise to the nearest
//! field that may be null, neither of which the executor does.

use std::borrow::Cow;
use std::pin::Pin;

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value,
};
use futures_util::future::try_join_all;

/// An object whose fields are executed here.
#[derive(Clone, Debug)]
pub struct Node<T>(pub T);

/// A list of such objects.
#[derive(Clone, Debug)]
pub struct Nodes<T>(pub Vec<T>);

impl<T> FromIterator<T> for Nodes<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<T: ObjectType> OutputType for Node<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        boxed(object(&self.0, ctx)).await
    }
}

impl<T: ObjectType> OutputType for Nodes<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        boxed(list(&self.0, ctx)).await
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = ServerResult<T>> + Send + 'a>>;

/// Types refer to each other in circles: somewhere the futures must be of a known size.
fn boxed<'a, T>(future: impl Future<Output = ServerResult<T>> + Send + 'a) -> Boxed<'a, T> {
    Box::pin(future)
}

async fn list<T: ObjectType>(rows: &[T], ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
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

async fn object<T: ObjectType>(row: &T, ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
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

/// One field. When it fails and may be null, it is, and the error is told; otherwise its object
/// has no value either.
async fn value<T: ObjectType>(
    row: &T,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let name = field.node.name.node.as_str();
    if name == "__typename" {
        return Ok(Value::String(row.introspection_type_name().into_owned()));
    }
    match row.resolve_field(&ctx.with_field(field)).await {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(error) => {
            let object = ctx.schema_env.registry.types.get(&*T::type_name());
            let known = object.and_then(|object| object.field_by_name(name));
            if known.is_none_or(|known| known.ty.ends_with('!')) {
                return Err(error);
            }
            ctx.add_error(error);
            Ok(Value::Null)
        }
    }
}

/// The fields that were asked of `T`, those of fragments among them.
fn gather<'a, T: ObjectType>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    fields: &mut Vec<&'a Positioned<Field>>,
) {
    for selection in &set.items {
        let (condition, set) = match &selection.node {
            Selection::Field(field) => {
                fields.push(field);
                continue;
            }
            Selection::InlineFragment(inline) => {
                (inline.node.type_condition.as_ref(), &inline.node.selection_set)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let Some(fragment) = ctx.query_env.fragments.get(name) else { continue };
                (Some(&fragment.node.type_condition), &fragment.node.selection_set)
            }
        };
        if condition.is_none_or(|condition| condition.node.on.node == *T::type_name()) {
            gather::<T>(ctx, &set.node, fields);
        }
    }
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
