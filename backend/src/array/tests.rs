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
