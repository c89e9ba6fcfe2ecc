//! JSON text, written as it is found: answers are large, and a tree of values in between would cost
//! an allocation for every member of every row.

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Name, Value};
use bytes::Bytes;
use time::OffsetDateTime;
use uuid::Uuid;

/// JSON text in the making.
#[derive(Default)]
pub struct Json {
    text: Vec<u8>,
    is_broken: bool,
}

/// What can be written as JSON, in the form that the schema's scalars have.
pub trait ToJson {
    /// Appends it.
    fn write(&self, json: &mut Json);
}

impl Json {
    /// Empty, with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), is_broken: false }
    }

    /// Text that is JSON already.
    #[inline]
    pub fn raw(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    /// Anything else that serialises as JSON.
    pub fn serialize(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        let before = self.text.len();
        // A vector takes everything; only a map with keys that are no strings could fail.
        if serde_json::to_writer(&mut self.text, value).is_err() {
            self.text.truncate(before);
            self.raw(b"null");
        }
    }

    /// A value of the executor's. Bytes among them are [written](Json::into_value) already.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Binary(written) => self.raw(written),
            Value::String(text) => text.write(self),
            Value::Enum(name) => name.as_str().write(self),
            Value::List(items) => {
                self.raw(b"[");
                for (n, item) in items.iter().enumerate() {
                    self.separate(n);
                    self.value(item);
                }
                self.raw(b"]");
            }
            Value::Object(members) => {
                self.raw(b"{");
                for (n, (key, member)) in members.iter().enumerate() {
                    self.separate(n);
                    key.as_str().write(self);
                    self.raw(b":");
                    self.value(member);
                }
                self.raw(b"}");
            }
            Value::Null | Value::Number(_) | Value::Boolean(_) => self.serialize(value),
        }
    }

    /// The comma before the `n`th of several, counted from 0.
    pub fn separate(&mut self, n: usize) {
        if n > 0 {
            self.raw(b",");
        }
    }

    /// What could be read, or else a mark that this is not what was asked for.
    pub fn readable(&mut self, value: Option<impl ToJson>) {
        match value {
            Some(value) => value.write(self),
            None => self.is_broken = true,
        }
    }

    /// Whether something could not be read.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// As a value of the executor's, which has no name for such a thing: no scalar of ours is
    /// binary, so that its bytes can stand for text that is written.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Binary(Bytes::from(self.text))
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing is written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.text
    }
}

/// About as many bytes as a value takes; of texts that are written already, exactly as many.
#[must_use]
pub fn size(value: &Value) -> usize {
    match value {
        Value::Binary(written) => written.len(),
        Value::String(text) => text.len() + 2,
        Value::Enum(name) => name.len() + 2,
        Value::List(items) => 2 + items.iter().map(|item| size(item) + 1).sum::<usize>(),
        Value::Object(members) => {
            let member = |(key, value): (&Name, &Value)| key.len() + 4 + size(value);
            2 + members.iter().map(member).sum::<usize>()
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) => 8,
    }
}

/// The name of an enum's value in the schema.
pub fn name_of<E: EnumType>(value: E) -> &'static str {
    let item = E::items().iter().find(|item| item.value == value);
    item.map_or_else(Default::default, |item| item.name)
}

/// Whether a text stands in JSON as it is. Looks at all of it, so that many bytes are compared at
/// a time.
fn is_plain(text: &str) -> bool {
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    !text.bytes().fold(false, |found, byte| found | is_special(byte))
}

impl ToJson for str {
    fn write(&self, json: &mut Json) {
        if is_plain(self) {
            json.raw(b"\"");
            json.raw(self.as_bytes());
            json.raw(b"\"");
        } else {
            json.serialize(self);
        }
    }
}

impl ToJson for String {
    fn write(&self, json: &mut Json) {
        self.as_str().write(json);
    }
}

impl ToJson for bool {
    fn write(&self, json: &mut Json) {
        json.raw(if *self { b"true" } else { b"false" });
    }
}

impl ToJson for Uuid {
    fn write(&self, json: &mut Json) {
        let mut text = [b'"'; 38];
        self.hyphenated().encode_lower(&mut text[1..]);
        json.raw(&text);
    }
}

/// The last two digits of a number.
#[inline]
fn digits(number: u32) -> [u8; 2] {
    let digit = |number: u32| b'0' | u8::try_from(number % 10).unwrap_or_default();
    [digit(number / 10), digit(number)]
}

impl ToJson for OffsetDateTime {
    /// RFC 3339, with as many digits of a second as it has. The library's own way writes it piece by
    /// piece, which costs more than all else of a row.
    fn write(&self, json: &mut Json) {
        let utc = self.to_utc();
        let (year, month, day) = utc.to_calendar_date();
        let (hour, minute, second, nanosecond) = utc.as_hms_nano();
        // RFC 3339 has years of four digits alone, and so has every row.
        let Ok(year @ 0..=9999) = u32::try_from(year) else {
            return json.raw(b"null");
        };
        let mut text = *b"\"0000-00-00T00:00:00.000000000Z\"";
        text[1..3].copy_from_slice(&digits(year / 100));
        text[3..5].copy_from_slice(&digits(year));
        text[6..8].copy_from_slice(&digits(u8::from(month).into()));
        text[9..11].copy_from_slice(&digits(day.into()));
        text[12..14].copy_from_slice(&digits(hour.into()));
        text[15..17].copy_from_slice(&digits(minute.into()));
        text[18..20].copy_from_slice(&digits(second.into()));
        let mut end = 20;
        if nanosecond > 0 {
            text[21..23].copy_from_slice(&digits(nanosecond / 10_000_000));
            text[23..25].copy_from_slice(&digits(nanosecond / 100_000));
            text[25..27].copy_from_slice(&digits(nanosecond / 1000));
            text[27..29].copy_from_slice(&digits(nanosecond / 10));
            text[29] = digits(nanosecond)[1];
            end = 30;
            while text[end - 1] == b'0' {
                end -= 1;
            }
        }
        text[end..end + 2].copy_from_slice(b"Z\"");
        json.raw(&text[..end + 2]);
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn write(&self, json: &mut Json) {
        match self {
            Some(value) => value.write(json),
            None => json.raw(b"null"),
        }
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, json: &mut Json) {
        (**self).write(json);
    }
}

#[cfg(test)]
mod tests;
