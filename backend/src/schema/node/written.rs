//! Objects as JSON text, a level of the query at a time: what is asked of a type is read once, what
//! its rows have in common is loaded once for all of them, wherever in the tree they stand, and each
//! row appends its members to one buffer.

use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::{ContextSelectionSet, Positioned, ServerResult, Value};
use futures_util::future::try_join_all;

use super::columns::{Answers, Cells, Column, Content, Form, Lists, Step};
use super::{Boxed, Member, Members, Relation, boxed, gather, value};
use crate::Error;
use crate::json::{Json, ToJson as _};
use crate::loader::Loader;
use crate::schema::context::{Ask as _, Scope};
use crate::schema::page;
use crate::table::{Cell, Rows, Table};

/// A row, and where in the answer it stands.
pub struct Placed<'a, T> {
    row: &'a T,
    ctx: ContextSelectionSet<'a>,
}

/// What every row is asked, in the order of the document.
pub(super) struct Plan<'a, T> {
    steps: Vec<Step<Member<T>>>,
    /// The names of what the steps write.
    names: Vec<&'a str>,
    /// The fields that are no members: each answers with a column.
    asked: Vec<(&'a Positioned<Field>, Option<Relation<T>>)>,
}

impl<'a, T: Members> Plan<'a, T> {
    /// `None` in a document whose answers must be merged.
    pub(super) fn of(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
        (!ctx.data_unchecked::<Arc<Scope>>().merges).then(|| Self::unmerged(ctx))
    }

    fn unmerged(ctx: &ContextSelectionSet<'a>) -> Self {
        let mut fields = Vec::new();
        gather::<T>(ctx, &ctx.item.node, &mut fields);
        let (steps, names) = (Vec::with_capacity(fields.len()), Vec::with_capacity(fields.len()));
        let mut plan = Self { steps, names, asked: Vec::new() };
        for (n, field) in fields.iter().enumerate() {
            let key = field.node.response_key().node.as_str();
            // Of a member that is asked for twice, one answer will do.
            let same = |other: &&Positioned<Field>| other.node.response_key().node == key;
            if !fields[..n].iter().any(same) {
                plan.push(key, field);
            }
        }
        plan
    }

    fn push(&mut self, key: &str, field: &'a Positioned<Field>) {
        let name = field.node.name.node.as_str();
        let content = match T::member(name) {
            Some(member) => Content::Member(member),
            None if name == "__typename" => Content::Typename,
            None => {
                self.asked.push((field, T::relation(name)));
                Content::Asked(self.asked.len() - 1)
            }
        };
        let mut json = Json::default();
        json.separate(self.steps.len());
        key.write(&mut json);
        json.raw(b":");
        self.steps.push(Step { key: json.into_bytes(), content });
        self.names.push(name);
    }

    /// The same of columns, if it is only those.
    fn cells<C: Table<Row = T>>(&self) -> Option<Form<Cell<C>>> {
        let steps = self.steps.iter().zip(&self.names).map(|(step, name)| {
            let content = match &step.content {
                Content::Typename => Content::Typename,
                Content::Member(_) => Content::Member(C::cell(name)?),
                Content::Asked(_) => return None,
            };
            Some(Step { key: step.key.clone(), content })
        });
        Some(Form {
            typename: T::type_name(),
            steps: steps.collect::<Option<_>>()?,
            columns: Vec::new(),
        })
    }

    /// The text of one row.
    pub(super) async fn object(
        self,
        row: &T,
        ctx: &ContextSelectionSet<'_>,
    ) -> ServerResult<Value> {
        let form = self.answered(&[Placed { row, ctx: ctx.clone() }]).await?;
        let mut json = Json::with_capacity(form.size(1, 0));
        form.write_row(row, 0, &mut json);
        finished(json, ctx)
    }

    /// The text of one list.
    pub(super) async fn list(
        self,
        rows: &[T],
        ctx: &ContextSelectionSet<'_>,
    ) -> ServerResult<Value> {
        let placed = |n| Placed { row: &rows[n], ctx: ctx.with_index(n) };
        // Without anything to ask nobody wants to know where the rows stand.
        let placed = if self.asked.is_empty() { 0..0 } else { 0..rows.len() }.map(placed);
        let form = self.answered(&placed.collect::<Vec<_>>()).await?;
        let mut json = Json::with_capacity(form.size(rows.len(), 1));
        form.write_list(rows, 0, &mut json);
        finished(json, ctx)
    }

    /// With the answers to the fields that are no members, which are looked for side by side.
    async fn answered(self, rows: &[Placed<'_, T>]) -> ServerResult<Form<Member<T>>> {
        let columns = match self.asked.as_slice() {
            [] => Vec::new(),
            [asked] => vec![column(rows, asked).await?],
            several => try_join_all(several.iter().map(|asked| boxed(column(rows, asked)))).await?,
        };
        Ok(Form { typename: T::type_name(), steps: self.steps, columns })
    }
}

fn finished(json: Json, ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
    if json.is_broken() {
        let error = async_graphql::Error::from(Error::internal("a row cannot be read"));
        return Err(ctx.set_error_path(error.into_server_error(ctx.item.pos)));
    }
    Ok(json.into_value())
}

async fn column<T: Members>(
    rows: &[Placed<'_, T>],
    (field, relation): &(&Positioned<Field>, Option<Relation<T>>),
) -> ServerResult<Box<dyn Column>> {
    if let Some(relation) = relation {
        return relation(rows, field).await;
    }
    let answers = rows.iter().map(|placed| boxed(value(placed.row, &placed.ctx, field)));
    Ok(Box::new(Answers(try_join_all(answers).await?)))
}

/// The lists that belong to rows, loaded by `L` for all of them together. `key` has what a row and
/// the argument `first` are asked by.
///
/// # Errors
/// What is wrong with `first`, or what the loader failed with, told of the first row.
pub(crate) fn related<'a, T, L, C>(
    rows: &'a [Placed<'a, T>],
    field: &'a Positioned<Field>,
    key: fn(&T, i32) -> L::Key,
) -> Boxed<'a, Box<dyn Column>>
where
    T: Members,
    L: Loader<Value = Rows<C>>,
    C: Table<Row: Members + Send + Sync>,
{
    boxed(async move {
        let Some(first) = rows.first() else { return Ok(Box::new(Answers(Vec::new())) as _) };
        let ctx = first.ctx.with_field(field);
        let fail = |error: Error| {
            ctx.set_error_path(async_graphql::Error::from(error).into_server_error(field.pos))
        };
        let load = async {
            let first = page::nested(&ctx)?;
            let keys = rows.iter().map(|placed| key(placed.row, first)).collect();
            ctx.loader::<L>().load_many(keys).await
        };
        let lists = load.await.map_err(fail)?;
        let set = &field.node.selection_set;
        let plan = Plan::<C::Row>::unmerged(&ctx.with_selection_set(set));
        if let Some(form) = plan.cells::<C>() {
            return Ok(Box::new(Cells { rows: lists, form }) as _);
        }
        let lists = lists.into_iter().map(Rows::make).collect::<Result<Vec<_>, _>>();
        let lists = lists.map_err(fail)?;
        let sets = rows.iter().map(|row| row.ctx.with_field(field).with_selection_set(set));
        let sets = sets.collect::<Vec<_>>();
        let mut placed = Vec::with_capacity(lists.iter().map(Vec::len).sum());
        for (list, ctx) in lists.iter().zip(&sets) {
            let list = list.iter().enumerate();
            placed.extend(list.map(|(n, row)| Placed { row, ctx: ctx.with_index(n) }));
        }
        let form = plan.answered(&placed).await?;
        Ok(Box::new(Lists::new(lists, form)) as _)
    })
}
