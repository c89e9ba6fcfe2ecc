//! JSON text, written as it is found: answers are large, and a tree of values in between would cost
//! an allocation for every member of every row.

use async_graphql::Value;
use async_graphql::resolver_utils::EnumType;
use bytes::Bytes;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// JSON text in the making.
#[derive(Default)]
pub struct Json(Vec<u8>);

/// What can be written as JSON, in the form that the schema's scalars have.
pub trait ToJson {
    /// Appends it.
    fn write(&self, json: &mut Json);
}

impl Json {
    /// Empty, with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Text that is JSON already.
    pub fn raw(&mut self, text: &[u8]) {
        self.0.extend_from_slice(text);
    }

    /// Anything else that serialises as JSON.
    pub fn serialize(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        let before = self.0.len();
        // A vector takes everything; only a map with keys that are no strings could fail.
        if serde_json::to_writer(&mut self.0, value).is_err() {
            self.0.truncate(before);
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

    /// As a value of the executor's, which has no name for such a thing: no scalar of ours is
    /// binary, so that its bytes can stand for text that is written.
    #[must_use]
    pub fn into_value(self) -> Value {
        Value::Binary(Bytes::from(self.0))
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The name of an enum's value in the schema.
pub fn name_of<E: EnumType>(value: E) -> &'static str {
    let item = E::items().iter().find(|item| item.value == value);
    item.map_or_else(Default::default, |item| item.name)
}

impl From<Vec<u8>> for Json {
    /// Goes on with text that is JSON so far.
    fn from(text: Vec<u8>) -> Self {
        Self(text)
    }
}

impl ToJson for str {
    fn write(&self, json: &mut Json) {
        json.serialize(self);
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
        json.raw(b"\"");
        json.raw(self.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
        json.raw(b"\"");
    }
}

impl ToJson for OffsetDateTime {
    fn write(&self, json: &mut Json) {
        let before = json.0.len();
        json.raw(b"\"");
        // Fails for years of more than four digits alone, which no row has.
        let formatted = self.to_utc().format_into(&mut json.0, &Rfc3339);
        json.raw(b"\"");
        if formatted.is_err() {
            json.0.truncate(before);
            json.raw(b"null");
        }
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
mod tests {
    use async_graphql::{Name, value};
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn text(json: Json) -> String {
        String::from_utf8(json.into_bytes()).unwrap()
    }

    fn written(value: impl ToJson) -> String {
        let mut json = Json::default();
        value.write(&mut json);
        text(json)
    }

    #[test]
    fn scalars_are_written_as_the_schema_has_them() {
        assert_eq!(written(true), "true");
        assert_eq!(written(None::<bool>), "null");
        assert_eq!(written("a \"b\"\n\u{1}"), r#""a \"b\"\n\u0001""#);
        assert_eq!(written(Uuid::from_u128(10)), r#""00000000-0000-0000-0000-00000000000a""#);
        let at = datetime!(2026-11-24 15:30:00.120 +02:00);
        assert_eq!(written(at), r#""2026-11-24T13:30:00.12Z""#);
    }

    #[test]
    fn what_is_written_stands_among_values_as_it_is() {
        let mut inner = Json::default();
        inner.raw(br#"[{"a":1}]"#);
        let mut value = value!({ "n": 1.5, "e": null, "list": [true, "x"], "o": {} });
        let Value::Object(members) = &mut value else { unreachable!() };
        members.insert(Name::new("in"), inner.into_value());
        members.insert(Name::new("enum"), Value::Enum(Name::new("PENDING")));

        let mut json = Json::default();
        json.value(&value);

        let expected =
            r#"{"n":1.5,"e":null,"list":[true,"x"],"o":{},"in":[{"a":1}],"enum":"PENDING"}"#;
        assert_eq!(text(json), expected);
    }

    proptest! {
        #[test]
        fn every_text_survives(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&written(&text)).unwrap(), text);
        }
    }
}
