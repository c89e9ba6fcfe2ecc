use async_graphql::value;
use proptest::prelude::*;
use time::format_description::well_known::Rfc3339;
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

    let expected = r#"{"n":1.5,"e":null,"list":[true,"x"],"o":{},"in":[{"a":1}],"enum":"PENDING"}"#;
    assert_eq!(text(json), expected);
}

proptest! {
    #[test]
    fn every_time_is_written_as_the_library_writes_it(
        seconds in -62_167_219_200_i64..=253_402_300_799,
        nanoseconds in prop_oneof![Just(0), (0_u32..1000).prop_map(|n| n * 1_000_000), 0_u32..1_000_000_000],
    ) {
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        let at = at.replace_nanosecond(nanoseconds).unwrap();
        prop_assert_eq!(written(at), format!("\"{}\"", at.format(&Rfc3339).unwrap()));
    }

    #[test]
    fn every_text_survives(text in any::<String>()) {
        prop_assert_eq!(serde_json::from_str::<String>(&written(&text)).unwrap(), text);
    }
}
