//! Pages of the top-level lists, and how many rows a nested list has.
//!
//! A list is ordered by creation, newest first. A cursor is the position of a row in it with a tag
//! that binds it to the list and to its owner: an edited or borrowed one is refused, never guessed
//! at.

use async_graphql::{Context, SimpleObject};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::Error;
use crate::schema::context::Ask;
use crate::schema::node::{Node, Nodes, members};

/// Most rows of a page, and of a nested list.
const MOST: i32 = 100;

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// When it was made.
    pub at: OffsetDateTime,
    /// Its id, for those made in the same microsecond.
    pub id: Uuid,
}

impl Position {
    /// Before every row.
    pub const START: Self = Self { at: datetime!(9999-12-31 0:00 UTC), id: Uuid::max() };

    fn bytes(self) -> [u8; 24] {
        let microseconds = self.at.unix_timestamp_nanos() / 1000;
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&i64::try_from(microseconds).unwrap_or(i64::MAX).to_be_bytes());
        bytes[8..].copy_from_slice(self.id.as_bytes());
        bytes
    }

    fn from_bytes(bytes: [u8; 24]) -> Option<Self> {
        let (at, id) = (bytes.first_chunk::<8>()?, bytes.last_chunk::<16>()?);
        let nanoseconds = i128::from(i64::from_be_bytes(*at)) * 1000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
        Some(Self { at, id: Uuid::from_bytes(*id) })
    }
}

/// A row of a list.
pub trait Row {
    /// Where it stands.
    fn position(&self) -> Position;
}

/// Which list: its name, and what it is filtered by.
#[derive(Clone, Copy)]
pub struct List(pub &'static str, pub Option<Uuid>);

/// What is asked of a list: so many rows after a position.
pub struct Wanted {
    /// Rows to fetch: one more than asked for, which tells whether there are more.
    pub limit: i64,
    /// Fetch what stands after this.
    pub after: Position,
    list: List,
}

/// Whether there is more, and how to go on.
#[derive(SimpleObject)]
pub struct PageInfo {
    /// Whether more rows follow.
    has_next_page: bool,
    /// Give it as `after` to get the rows that follow; null on an empty page.
    end_cursor: Option<String>,
}

members!(PageInfo {
    "hasNextPage" => |row| row.has_next_page,
    "endCursor" => |row| row.end_cursor,
});

/// Some rows of a list.
pub struct Page<T> {
    /// The rows.
    pub rows: Nodes<T>,
    /// How to go on.
    pub info: Node<PageInfo>,
}

impl Wanted {
    /// Reads the arguments of a top-level list.
    pub fn read(
        ctx: &Context<'_>,
        list: List,
        first: i32,
        after: Option<&str>,
    ) -> Result<Self, Error> {
        let first = count(first)?;
        let position = |cursor| list.position(ctx, cursor);
        let after = after.map(position).transpose()?.unwrap_or(Position::START);
        Ok(Self { limit: i64::from(first) + 1, after, list })
    }

    /// Whether this is the start of the list.
    #[must_use]
    pub fn is_start(&self) -> bool {
        self.after == Position::START
    }

    /// Makes a page of the rows that were fetched.
    pub fn page<T: Row>(&self, ctx: &Context<'_>, mut rows: Vec<T>) -> Result<Page<T>, Error> {
        let most = usize::try_from(self.limit - 1).unwrap_or_default();
        let has_next_page = rows.len() > most;
        rows.truncate(most);
        let last = rows.last().map(Row::position);
        let end_cursor = last.map(|position| self.list.cursor(ctx, position)).transpose()?;
        let info = Node(PageInfo { has_next_page, end_cursor });
        Ok(Page { rows: Nodes(rows), info })
    }
}

impl List {
    fn cursor(self, ctx: &Context<'_>, position: Position) -> Result<String, Error> {
        let bytes = position.bytes();
        let keys = &ctx.scope().state.config.keys;
        let tag = keys.tag(&self.tagged(ctx.caller()?.user_id.as_bytes(), &bytes));
        Ok(BASE64.encode([bytes.as_slice(), &tag].concat()))
    }

    fn position(self, ctx: &Context<'_>, cursor: &str) -> Result<Position, Error> {
        let owner = ctx.caller()?.user_id;
        let keys = &ctx.scope().state.config.keys;
        let read = || {
            let bytes: [u8; 40] = BASE64.decode(cursor).ok()?.try_into().ok()?;
            let (position, tag) = (bytes.first_chunk::<24>()?, bytes.last_chunk::<16>()?);
            keys.is_tag(&self.tagged(owner.as_bytes(), position), tag).then_some(())?;
            Position::from_bytes(*position)
        };
        read().ok_or_else(|| Error::bad_input("after", "not a cursor of this list"))
    }

    fn tagged<'b>(&'b self, owner: &'b [u8], position: &'b [u8]) -> [&'b [u8]; 5] {
        let filter = self.1.as_ref().map_or(&[][..], |id| id.as_bytes());
        [b"cursor", self.0.as_bytes(), filter, owner, position]
    }
}

/// How many rows a nested list has that does not say.
const NESTED: i32 = 20;

/// The argument `first` of a nested list.
pub fn nested(ctx: &Context<'_>) -> Result<i32, Error> {
    let first = ctx.param_value("first", Some(|| NESTED));
    count(first.map_or(0, |(_, first)| first))
}

/// How many rows a list has, nested ones too.
pub fn count(first: i32) -> Result<i32, Error> {
    if !(1..=MOST).contains(&first) {
        return Err(Error::bad_input("first", format!("from 1 to {MOST}")));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_bytes() {
        let at = datetime!(2026-11-24 15:30:00.123456 UTC);
        let position = Position { at, id: Uuid::from_u128(7) };

        assert_eq!(Position::from_bytes(position.bytes()), Some(position));
        assert_eq!(Position::from_bytes([0x7f; 24]), None);
    }
}
