//! PostgreSQL's arrays, whose elements are read where they are wanted: a column of a few hundred rows
//! is one array, of which most queries ask for nothing, and the driver's own way of reading it makes
//! a value of every element.

use std::marker::PhantomData;
use std::sync::OnceLock;

use async_graphql::resolver_utils::EnumType;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, types::Oid};
use sqlx::{Decode, Postgres, Type};
use time::OffsetDateTime;
use uuid::Uuid;

/// An array of one dimension.
pub struct Array<T> {
    /// Each element after its length.
    bytes: Box<[u8]>,
    count: usize,
    /// How many bytes each element has, where all have as many.
    size: Option<usize>,
    /// Where each element begins, else; looked for once.
    starts: OnceLock<Vec<usize>>,
    elements: PhantomData<fn() -> T>,
}

/// What can be an element.
pub trait Element: Sized {
    /// Its type in PostgreSQL (`pg_type.oid`).
    const TYPE: Oid;
    /// How many bytes each has, where all have as many.
    const SIZE: Option<usize> = None;
    /// How it is read.
    type Value<'a>;

    /// Reads one in binary form; `None` when it is malformed.
    fn read(bytes: &[u8]) -> Option<Self::Value<'_>>;

    /// What was read, apart from the array.
    fn own(value: Self::Value<'_>) -> Self;

    /// What stands for null; `None` when there may be no null.
    #[must_use]
    fn null<'a>() -> Option<Self::Value<'a>> {
        None
    }
}

/// Reads a value of an enum by its name in the schema.
#[must_use]
pub fn named<E: EnumType>(bytes: &[u8]) -> Option<E> {
    let item = E::items().iter().find(|item| item.name.as_bytes() == bytes);
    item.map(|item| item.value)
}

/// Enums whose values are texts in PostgreSQL, and have the same names there as in the schema.
macro_rules! enums {
    ($($enum:ty),+) => {$(
        impl $crate::array::Element for $enum {
            const TYPE: sqlx::postgres::types::Oid = <String as $crate::array::Element>::TYPE;
            type Value<'a> = Self;

            fn read(bytes: &[u8]) -> Option<Self> {
                $crate::array::named(bytes)
            }

            fn own(value: Self) -> Self {
                value
            }
        }

        impl $crate::json::ToJson for $enum {
            fn write(&self, json: &mut $crate::json::Json) {
                $crate::json::name_of(*self).write(json);
            }
        }
    )+};
}
pub(crate) use enums;

/// Bytes before the elements: how many dimensions, whether there are nulls, the type of the elements,
/// how many, and the number of the first (`array_send`).
const HEAD: usize = 20;
/// Bytes before each element: its length, or -1 for null.
const LENGTH: usize = 4;

impl<T: Element> Array<T> {
    fn new(bytes: &[u8]) -> Option<Self> {
        let (dimensions, _) = number(bytes)?;
        let (count, bytes) = match dimensions {
            0 => (0, &[][..]),
            1 => {
                let (head, bytes) = bytes.split_at_checked(HEAD)?;
                let (oid, after) = number(&head[8..])?;
                let (count, _) = number(after)?;
                (oid.cast_unsigned() == T::TYPE.0).then_some(())?;
                (usize::try_from(count).ok()?, bytes)
            }
            _ => return None,
        };
        let size = T::SIZE.filter(|size| bytes.len() == count * (LENGTH + size));
        // Memory is taken for as many as these bytes can hold.
        (count <= bytes.len() / LENGTH).then(|| Self {
            bytes: bytes.into(),
            count,
            size,
            starts: OnceLock::new(),
            elements: PhantomData,
        })
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The `n`th element; `None` when there is none, or none that can be read.
    #[must_use]
    #[inline]
    pub fn get(&self, n: usize) -> Option<T::Value<'_>> {
        let start = match self.size {
            Some(size) => n * (LENGTH + size),
            None => *self.starts.get_or_init(|| self.find_starts()).get(n)?,
        };
        let (length, after) = number(self.bytes.get(start..)?)?;
        match usize::try_from(length) {
            Ok(length) => T::read(after.get(..length)?),
            Err(_) => T::null(),
        }
    }

    /// The same, apart from the array.
    #[must_use]
    pub fn own(&self, n: usize) -> Option<T> {
        self.get(n).map(T::own)
    }

    /// All elements; one that cannot be read ends them.
    pub fn iter(&self) -> impl Iterator<Item = T::Value<'_>> {
        (0..self.count).map_while(|n| self.get(n))
    }

    fn find_starts(&self) -> Vec<usize> {
        let mut starts = Vec::with_capacity(self.count);
        let mut start = 0;
        while let Some((length, _)) = self.bytes.get(start..).and_then(number) {
            starts.push(start);
            start += LENGTH + usize::try_from(length).unwrap_or(0);
        }
        starts
    }
}

impl<T: PgHasArrayType> Type<Postgres> for Array<T> {
    fn type_info() -> PgTypeInfo {
        T::array_type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        T::array_compatible(ty)
    }
}

impl<'r, T: Element> Decode<'r, Postgres> for Array<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() != PgValueFormat::Binary {
            return Err("an array in text form".into());
        }
        Self::new(value.as_bytes()?).ok_or_else(|| "not an array of this type".into())
    }
}

fn number(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((i32::from_be_bytes(*number), rest))
}

impl<T: Element> Element for Option<T> {
    const TYPE: Oid = T::TYPE;
    const SIZE: Option<usize> = T::SIZE;
    type Value<'a> = Option<T::Value<'a>>;

    fn read(bytes: &[u8]) -> Option<Self::Value<'_>> {
        T::read(bytes).map(Some)
    }

    fn own(value: Self::Value<'_>) -> Self {
        value.map(T::own)
    }

    fn null<'a>() -> Option<Self::Value<'a>> {
        Some(None)
    }
}

impl Element for bool {
    const TYPE: Oid = Oid(16);
    const SIZE: Option<usize> = Some(1);
    type Value<'a> = Self;

    fn read(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [byte] => Some(*byte != 0),
            _ => None,
        }
    }

    fn own(value: Self) -> Self {
        value
    }
}

impl Element for i32 {
    const TYPE: Oid = Oid(23);
    const SIZE: Option<usize> = Some(4);
    type Value<'a> = Self;

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }

    fn own(value: Self) -> Self {
        value
    }
}

impl Element for String {
    const TYPE: Oid = Oid(25);
    type Value<'a> = &'a str;

    fn read(bytes: &[u8]) -> Option<&str> {
        std::str::from_utf8(bytes).ok()
    }

    fn own(value: &str) -> Self {
        value.to_owned()
    }
}

impl Element for Uuid {
    const TYPE: Oid = Oid(2950);
    const SIZE: Option<usize> = Some(16);
    type Value<'a> = Self;

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }

    fn own(value: Self) -> Self {
        value
    }
}

/// Seconds from 1970 to 2000, where PostgreSQL begins to count.
const EPOCH: i64 = 946_684_800;

impl Element for OffsetDateTime {
    const TYPE: Oid = Oid(1184);
    const SIZE: Option<usize> = Some(8);
    type Value<'a> = Self;

    fn read(bytes: &[u8]) -> Option<Self> {
        let microseconds = i64::from_be_bytes(bytes.try_into().ok()?);
        let seconds = EPOCH.checked_add(microseconds.div_euclid(1_000_000))?;
        let fraction = u32::try_from(microseconds.rem_euclid(1_000_000)).ok()?;
        let second = Self::from_unix_timestamp(seconds).ok()?;
        second.replace_nanosecond(fraction * 1000).ok()
    }

    fn own(value: Self) -> Self {
        value
    }
}

#[cfg(test)]
mod tests;
