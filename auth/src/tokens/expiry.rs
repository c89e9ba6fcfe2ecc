//! When a token is to end.

use serde::{Deserialize, Deserializer, de};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::SchemaType};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Error;

/// The longest life that can be asked for.
const MOST: Duration = Duration::days(3653);

/// What a caller says about the end of a token: nothing, that there is none, or when. A time is
/// RFC 3339 or, as older clients write it, milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Nothing: the service's own choice.
    #[default]
    Unsaid,
    /// `null`.
    Never,
    /// Then.
    At(OffsetDateTime),
}

impl Expiry {
    /// When a token made at `now` ends, `life` later unless it is said.
    pub(crate) fn at(
        self,
        now: OffsetDateTime,
        life: Duration,
    ) -> Result<Option<OffsetDateTime>, Error> {
        let refuse = |detail| Err(Error::Invalid { field: "expiresAt", detail });
        match self {
            Self::Unsaid => Ok(Some(now + life)),
            Self::Never => Ok(None),
            Self::At(at) if at <= now => refuse("must be in the future"),
            Self::At(at) if at - now > MOST => refuse("must be within ten years"),
            Self::At(at) => Ok(Some(at)),
        }
    }
}

impl<'de> Deserialize<'de> for Expiry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Expiry;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a time in RFC 3339, milliseconds since 1970, or null")
    }

    fn visit_unit<E>(self) -> Result<Expiry, E> {
        Ok(Expiry::Never)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Expiry, E> {
        let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| E::custom("not RFC 3339"))?;
        Ok(Expiry::At(at))
    }

    fn visit_u64<E: de::Error>(self, milliseconds: u64) -> Result<Expiry, E> {
        let nanoseconds = i128::from(milliseconds) * 1_000_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds);
        at.map(Expiry::At).map_err(|_| E::custom("out of range"))
    }
}

impl PartialSchema for Expiry {
    fn schema() -> RefOr<Schema> {
        use utoipa::openapi::Type::{Integer, Null, String};
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([String, Integer, Null]))
            .description(Some(
                "RFC 3339 or milliseconds since 1970; null for never; the default when left out",
            ))
            .into()
    }
}

impl ToSchema for Expiry {}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        at: Expiry,
    }

    fn at(body: &str) -> Result<Option<OffsetDateTime>, String> {
        let body = serde_json::from_str::<Body>(body).map_err(|error| error.to_string())?;
        body.at.at(NOW, Duration::days(90)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_time_may_be_text_or_milliseconds_or_never_or_unsaid() {
        let then = datetime!(2027-01-01 00:00 UTC);
        assert_eq!(at(r#"{"at":"2027-01-01T00:00:00Z"}"#), Ok(Some(then)));
        assert_eq!(at(r#"{"at":1798761600000}"#), Ok(Some(then)));
        assert_eq!(at(r#"{"at":null}"#), Ok(None));
        assert_eq!(at("{}"), Ok(Some(NOW + Duration::days(90))));
    }

    #[test]
    fn the_past_the_far_future_and_other_types_are_refused() {
        for bad in [
            r#""2026-11-24T12:00:00Z""#,
            r#""9999-12-31T23:59:59Z""#,
            r#""2027-01-01""#,
            r#""soon""#,
            "0",
            "-1",
            "1798761600000.5",
            "1e300",
            "18446744073709551615",
            "true",
            "[]",
            "{}",
        ] {
            assert!(at(&format!(r#"{{"at":{bad}}}"#)).is_err(), "{bad}");
        }
    }
}
