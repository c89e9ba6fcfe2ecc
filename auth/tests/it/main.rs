//! Tests of the auth service over real connections, PostgreSQL and Redis.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod account;
mod app;
mod audit;
mod bad_input;
mod chain;
mod cleanup;
mod contract;
mod cors;
mod jwt;
mod limits;
mod process;
mod redis_server;
mod session;
mod store;
mod tokens;
mod two_instances;
mod validate;
mod wallet;
