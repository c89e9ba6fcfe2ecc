//! The answers to one field of all rows of a level, and how rows are written with them.

use std::borrow::Cow;

use async_graphql::Value;

use super::Member;
use crate::json::{self, Json, ToJson as _};
use crate::table::{Cell, Rows, Table};

/// Room for a member: an id and its key.
const MEMBER: usize = 56;

/// The answers to one field of many rows, one for each.
pub trait Column: Send {
    /// Appends the answer of the `nth` row.
    fn write(&self, nth: usize, json: &mut Json);

    /// About as many bytes as all of them take.
    fn size(&self) -> usize;
}

/// A key with its colon, and what to put there.
pub(super) struct Step<W> {
    pub(super) key: Vec<u8>,
    pub(super) content: Content<W>,
}

pub(super) enum Content<W> {
    Typename,
    /// What writes a member.
    Member(W),
    /// The text in the column of this number.
    Asked(usize),
}

/// How rows are written, once all is known of them that is no member.
pub(super) struct Form<W> {
    pub(super) typename: Cow<'static, str>,
    pub(super) steps: Vec<Step<W>>,
    pub(super) columns: Vec<Box<dyn Column>>,
}

impl<W> Form<W> {
    /// The `nth` row of those that the columns are of, with a way to write its members.
    fn write(&self, nth: usize, json: &mut Json, member: impl Fn(&W, &mut Json)) {
        json.raw(b"{");
        for Step { key, content } in &self.steps {
            json.raw(key);
            match content {
                Content::Member(written) => member(written, json),
                Content::Typename => self.typename.write(json),
                Content::Asked(column) => self.columns[*column].write(nth, json),
            }
        }
        json.raw(b"}");
    }

    /// About as many bytes as so many rows take, in so many lists.
    pub(super) fn size(&self, rows: usize, lists: usize) -> usize {
        let asked = self.columns.iter().map(|column| column.size()).sum::<usize>();
        rows * (3 + self.steps.len() * MEMBER) + 2 * lists + asked
    }
}

impl<T> Form<Member<T>> {
    pub(super) fn write_row(&self, row: &T, nth: usize, json: &mut Json) {
        self.write(nth, json, |member, json| member(row, json));
    }

    /// A list of rows, the first of which is the `nth` of all.
    pub(super) fn write_list(&self, rows: &[T], nth: usize, json: &mut Json) {
        json.raw(b"[");
        for (n, row) in rows.iter().enumerate() {
            json.separate(n);
            self.write_row(row, nth + n, json);
        }
        json.raw(b"]");
    }
}

/// What a resolver answered for each row.
pub(super) struct Answers(pub(super) Vec<Value>);

impl Column for Answers {
    fn write(&self, nth: usize, json: &mut Json) {
        json.value(&self.0[nth]);
    }

    fn size(&self) -> usize {
        self.0.iter().map(json::size).sum()
    }
}

/// A list of other rows for each row.
pub(super) struct Lists<T> {
    rows: Vec<Vec<T>>,
    /// How many rows stand in the lists before each.
    before: Vec<usize>,
    form: Form<Member<T>>,
}

impl<T> Lists<T> {
    pub(super) fn new(rows: Vec<Vec<T>>, form: Form<Member<T>>) -> Self {
        let mut before = Vec::with_capacity(rows.len());
        let mut count = 0;
        for list in &rows {
            before.push(count);
            count += list.len();
        }
        Self { rows, before, form }
    }
}

impl<T: Send> Column for Lists<T> {
    fn write(&self, nth: usize, json: &mut Json) {
        self.form.write_list(&self.rows[nth], self.before[nth], json);
    }

    fn size(&self) -> usize {
        self.form.size(self.rows.iter().map(Vec::len).sum(), self.rows.len())
    }
}

/// The same, of which only columns are asked: no row is made.
pub(super) struct Cells<T: Table> {
    pub(super) rows: Vec<Option<Rows<T>>>,
    pub(super) form: Form<Cell<T>>,
}

impl<T: Table> Column for Cells<T> {
    fn write(&self, nth: usize, json: &mut Json) {
        json.raw(b"[");
        if let Some(rows) = &self.rows[nth] {
            let (table, range) = rows.columns();
            for (n, row) in range.enumerate() {
                json.separate(n);
                self.form.write(row, json, |cell, json| cell(table, row, json));
            }
        }
        json.raw(b"]");
    }

    fn size(&self) -> usize {
        self.form.size(self.rows.iter().flatten().map(Rows::len).sum(), self.rows.len())
    }
}
