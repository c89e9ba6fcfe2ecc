//! Prints the OpenAPI document: `cargo run -p auth --example openapi > auth/openapi.json`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let text = auth::openapi::text(&auth::openapi::document());
    std::io::stdout().write_all(text.as_bytes())
}
