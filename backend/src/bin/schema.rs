//! Prints the schema in its definition language: `cargo run -p backend --bin schema >
//! backend/schema.graphql`.

#[expect(clippy::print_stdout, reason = "the text is what this program is for")]
fn main() {
    print!("{}", backend::schema::sdl());
}
