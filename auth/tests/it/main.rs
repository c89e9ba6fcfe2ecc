//! Tests of the auth service over real connections, PostgreSQL and Redis.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod app;
mod redis_server;
mod store;
mod wallet;
