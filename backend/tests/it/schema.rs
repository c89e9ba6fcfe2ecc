//! The committed schema.

#[test]
fn the_committed_schema_is_current() {
    let committed = include_str!("../../schema.graphql");

    assert!(
        committed == backend::schema::sdl(),
        "run: cargo run -p backend --bin schema > backend/schema.graphql"
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    let sdl = backend::schema::sdl();
    let mut undescribed = Vec::new();
    let mut previous = "";
    for line in sdl.lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        if ["type", "input", "enum", "scalar"].contains(&word) && previous != "\"\"\"" {
            undescribed.push(line);
        }
        previous = line.trim();
    }

    assert_eq!(undescribed, [""; 0]);
}
