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
mod tests {
    use time::macros::datetime;

    use super::*;

    /// As `array_send` writes it.
    fn array(oid: u32, elements: &[Option<&[u8]>]) -> Vec<u8> {
        let count = u32::try_from(elements.len()).unwrap();
        let has_nulls = u32::from(elements.contains(&None));
        let head = [1, has_nulls, oid, count, 1].map(u32::to_be_bytes);
        let mut bytes = head.concat();
        for element in elements {
            let length = element.map_or(-1, |element| i32::try_from(element.len()).unwrap());
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(element.unwrap_or_default());
        }
        bytes
    }

    /// All elements, if each can be read.
    fn read<T: Element>(bytes: &[u8]) -> Option<Vec<String>>
    where
        for<'a> T::Value<'a>: std::fmt::Debug,
    {
        let array = Array::<T>::new(bytes)?;
        let elements = array.iter().map(|element| format!("{element:?}")).collect::<Vec<_>>();
        assert_eq!(array.get(array.len()).map(|_| ()), None);
        (elements.len() == array.len()).then_some(elements)
    }

    #[test]
    fn elements_are_read_in_any_order() {
        let texts = array(25, &[Some(b"a"), Some(b""), Some("ü".as_bytes())]);
        assert_eq!(read::<String>(&texts).unwrap(), ["\"a\"", "\"\"", "\"ü\""]);
        let backwards = Array::<String>::new(&texts).unwrap();
        assert_eq!([2, 0, 1].map(|n| backwards.get(n).unwrap()), ["ü", "a", ""]);
        assert_eq!(read::<String>(&[0; 12]), Some(Vec::new()));
        let texts = array(25, &[None, Some(b"a"), None]);
        assert_eq!(read::<Option<String>>(&texts).unwrap(), ["None", "Some(\"a\")", "None"]);
        let numbers = array(23, &[Some(&[0, 0, 0, 7]), Some(&[0, 0, 0, 8])]);
        assert_eq!(read::<i32>(&numbers).unwrap(), ["7", "8"]);
        let numbers = array(23, &[Some(&[0, 0, 0, 7]), None]);
        assert_eq!(read::<Option<i32>>(&numbers).unwrap(), ["Some(7)", "None"]);
        let truths = array(16, &[Some(&[1]), Some(&[0])]);
        assert_eq!(read::<bool>(&truths).unwrap(), ["true", "false"]);
        let ids = array(2950, &[Some(Uuid::max().as_bytes())]);
        assert_eq!(read::<Uuid>(&ids).unwrap(), [Uuid::max().to_string()]);
    }

    #[test]
    fn times_keep_their_microseconds_before_and_after_2000() {
        let times = [-1_i64, 0, 1_500_000, 848_935_800_123_456].map(i64::to_be_bytes);
        let times = times.each_ref().map(|time| Some(time.as_slice()));
        let times = Array::<OffsetDateTime>::new(&array(1184, &times)).unwrap();
        let expected = [
            datetime!(1999-12-31 23:59:59.999_999 UTC),
            datetime!(2000-01-01 0:00 UTC),
            datetime!(2000-01-01 0:00:01.5 UTC),
            datetime!(2026-11-25 15:30:00.123_456 UTC),
        ];
        assert_eq!(times.iter().collect::<Vec<_>>(), expected);
        // `infinity` is no time.
        let infinity = i64::MAX.to_be_bytes();
        assert_eq!(read::<OffsetDateTime>(&array(1184, &[Some(&infinity)])), None);
    }

    #[test]
    fn what_is_no_such_array_is_refused() {
        let numbers = array(23, &[Some(&[0, 0, 0, 7]), Some(&[0, 0, 0, 8])]);
        let texts = array(25, &[Some(b"one"), Some(b"two")]);
        for cut in 0..numbers.len() {
            assert_eq!(read::<i32>(&numbers[..cut]), None, "{cut}");
            assert_eq!(read::<String>(&texts[..cut.min(texts.len() - 1)]), None, "{cut}");
        }
        assert_eq!(read::<String>(&numbers), None, "another type");
        assert_eq!(read::<i32>(&array(23, &[None])), None, "null");
        assert_eq!(read::<i32>(&array(23, &[Some(&[7])])), None, "too short");
        assert_eq!(read::<String>(&array(25, &[Some(&[0xff])])), None, "not UTF-8");
        let two_dimensions = [&[0, 0, 0, 2], &numbers[4..]].concat();
        assert_eq!(read::<i32>(&two_dimensions), None);
        let endless = [&numbers[..12], &[0x7f, 0xff, 0xff, 0xff], &numbers[16..]].concat();
        assert_eq!(read::<i32>(&endless), None);
    }
}
