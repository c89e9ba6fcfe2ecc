//! Tests of the GraphQL service on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "test code")]

mod owner;
mod project;
mod schema;
