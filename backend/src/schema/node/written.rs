//! Objects as JSON text, a level of the query at a time: what is asked of a type is read once, what
//! its rows have in common is loaded once for all of them, wherever in the tree they stand, and each
//! row appends its members to one buffer.

use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::{Context, ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use futures_util::future::try_join_all;

use super::{Boxed, Member, Members, Relation, boxed, gather, value};
use crate::Error;
use crate::json::{Json, ToJson as _};
use crate::loader::Loader;
use crate::schema::context::{Ask as _, Scope};
use crate::schema::page;

/// Room for a member: an id and its key.
const MEMBER: usize = 56;

/// A row, and where in the answer it stands.
pub struct Placed<'a, T> {
    row: &'a T,
    ctx: ContextSelectionSet<'a>,
}

/// JSON texts, one for each row.
#[derive(Default)]
pub struct Column {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// What every row is asked, in the order of the document.
pub(super) struct Plan<'a, T> {
    steps: Vec<Step<T>>,
    /// The fields that are no members: each answers with a column.
    asked: Vec<(&'a Positioned<Field>, Option<Relation<T>>)>,
}

/// A key with its colon, and what to put there.
struct Step<T> {
    key: Vec<u8>,
    content: Content<T>,
}

enum Content<T> {
    Typename,
    Member(Member<T>),
    /// The text in the column of this number.
    Asked(usize),
}

impl<'a, T: Members> Plan<'a, T> {
    /// `None` in a document whose answers must be merged.
    pub(super) fn of(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
        (!ctx.data_unchecked::<Arc<Scope>>().merges).then(|| Self::unmerged(ctx))
    }

    fn unmerged(ctx: &ContextSelectionSet<'a>) -> Self {
        let mut fields = Vec::new();
        gather::<T>(ctx, &ctx.item.node, &mut fields);
        let mut plan = Self { steps: Vec::with_capacity(fields.len()), asked: Vec::new() };
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
    }

    /// The text of one row.
    pub(super) async fn object(
        &self,
        row: &T,
        ctx: &ContextSelectionSet<'_>,
    ) -> ServerResult<Value> {
        let columns = self.columns(&[Placed { row, ctx: ctx.clone() }]).await?;
        let mut json = Json::with_capacity(self.size(1, &columns));
        self.write(row, 0, &columns, &mut json);
        Ok(json.into_value())
    }

    /// The text of one list.
    pub(super) async fn list(
        &self,
        rows: &[T],
        ctx: &ContextSelectionSet<'_>,
    ) -> ServerResult<Value> {
        let lists = self.lists(&[rows], std::slice::from_ref(ctx)).await?;
        Ok(Json::from(lists.text).into_value())
    }

    /// The texts of many lists, each with where it stands.
    async fn lists<R: AsRef<[T]> + Sync>(
        &self,
        lists: &[R],
        ctxs: &[ContextSelectionSet<'_>],
    ) -> ServerResult<Column> {
        let columns = if self.asked.is_empty() {
            Vec::new()
        } else {
            let placed = lists.iter().zip(ctxs).flat_map(|(list, ctx)| {
                let rows = list.as_ref().iter().enumerate();
                rows.map(|(n, row)| Placed { row, ctx: ctx.with_index(n) })
            });
            self.columns(&placed.collect::<Vec<_>>()).await?
        };
        let count = lists.iter().map(|list| list.as_ref().len()).sum();
        let mut json = Json::with_capacity(self.size(count, &columns) + 2 * lists.len());
        let mut ends = Vec::with_capacity(lists.len());
        let mut nth = 0;
        for list in lists {
            json.raw(b"[");
            for (n, row) in list.as_ref().iter().enumerate() {
                json.separate(n);
                self.write(row, nth, &columns, &mut json);
                nth += 1;
            }
            json.raw(b"]");
            ends.push(json.len());
        }
        Ok(Column { text: json.into_bytes(), ends })
    }

    /// The answers to the fields that are no members, side by side.
    async fn columns(&self, rows: &[Placed<'_, T>]) -> ServerResult<Vec<Column>> {
        match self.asked.as_slice() {
            [] => Ok(Vec::new()),
            [asked] => Ok(vec![column(rows, asked).await?]),
            several => try_join_all(several.iter().map(|asked| boxed(column(rows, asked)))).await,
        }
    }

    /// The `nth` row of those that `columns` are of.
    fn write(&self, row: &T, nth: usize, columns: &[Column], json: &mut Json) {
        json.raw(b"{");
        for Step { key, content } in &self.steps {
            json.raw(key);
            match content {
                Content::Member(member) => member(row, json),
                Content::Typename => <T as OutputType>::type_name().write(json),
                Content::Asked(column) => json.raw(columns[*column].text(nth)),
            }
        }
        json.raw(b"}");
    }

    /// About as many bytes as so many rows take.
    fn size(&self, rows: usize, columns: &[Column]) -> usize {
        let asked = columns.iter().map(|column| column.text.len()).sum::<usize>();
        2 + rows * (2 + self.steps.len() * MEMBER) + asked
    }
}

impl Column {
    fn text(&self, nth: usize) -> &[u8] {
        let start = nth.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[nth]]
    }
}

async fn column<T: Members>(
    rows: &[Placed<'_, T>],
    (field, relation): &(&Positioned<Field>, Option<Relation<T>>),
) -> ServerResult<Column> {
    if let Some(relation) = relation {
        return relation(rows, field).await;
    }
    let mut json = Json::default();
    let mut ends = Vec::with_capacity(rows.len());
    let answers = rows.iter().map(|placed| boxed(value(placed.row, &placed.ctx, field)));
    for answer in try_join_all(answers).await? {
        json.value(&answer);
        ends.push(json.len());
    }
    Ok(Column { text: json.into_bytes(), ends })
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
) -> Boxed<'a, Column>
where
    T: Members,
    L: Loader<Value = Vec<C>>,
    C: Members + Clone,
{
    boxed(async move {
        let fields = rows.iter().map(|placed| placed.ctx.with_field(field)).collect::<Vec<_>>();
        let Some(ctx) = fields.first() else { return Ok(Column::default()) };
        let lists = load::<T, L, C>(rows, ctx, key).await.map_err(|error| {
            ctx.set_error_path(async_graphql::Error::from(error).into_server_error(field.pos))
        })?;
        let set = &field.node.selection_set;
        let sets = fields.iter().map(|ctx| ctx.with_selection_set(set)).collect::<Vec<_>>();
        Plan::<C>::unmerged(&sets[0]).lists(&lists, &sets).await
    })
}

async fn load<T, L, C>(
    rows: &[Placed<'_, T>],
    ctx: &Context<'_>,
    key: fn(&T, i32) -> L::Key,
) -> Result<Vec<Vec<C>>, Error>
where
    L: Loader<Value = Vec<C>>,
    C: Clone,
{
    let first = page::nested(ctx)?;
    let keys = rows.iter().map(|placed| key(placed.row, first)).collect();
    let lists = ctx.loader::<L>().load_many(keys).await?;
    Ok(lists.into_iter().map(Option::unwrap_or_default).collect())
}
