use std::collections::BTreeSet;

use shared::env::Reader;

/// What the three services ask their environment for.
fn asked() -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    let mut reader = Reader::new(|_| None);
    let _ = auth::Config::read(&mut reader);
    names.extend(reader.settings().iter().map(|setting| setting.name));
    let mut reader = Reader::new(|_| None);
    let _ = backend::Config::read(&mut reader);
    names.extend(reader.settings().iter().map(|setting| setting.name));
    let mut reader = Reader::new(|_| None);
    let _ = home::Config::read(&mut reader);
    names.extend(reader.settings().iter().map(|setting| setting.name));
    names
}

#[test]
fn the_example_environment_has_every_setting_and_no_other_a8_2() {
    let example = include_str!("../../../.env.example");
    let of_local = ["HOME_PORT", "AUTH_PORT", "BACKEND_PORT", "LOCAL_DATA_DIR"];
    let listed = example
        .lines()
        .map(|line| line.trim_start_matches(['#', ' ']))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .collect::<BTreeSet<_>>();

    let expected = asked().into_iter().chain(of_local).collect::<BTreeSet<_>>();

    assert_eq!(listed, expected);
}
