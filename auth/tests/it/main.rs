//! Tests of the auth service over real connections, PostgreSQL and Redis.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod account;
mod app;
mod audit;
mod bad_input;
mod chain;
mod cleanup;
mod cli;
mod contract;
mod cors;
mod front;
mod fuzz;
mod gate;
mod jwt;
mod limits;
mod openapi;
mod outages;
mod process;
mod redis_server;
mod revocation;
mod secrets_in_logs;
mod session;
mod statements;
mod store;
mod tokens;
mod two_instances;
mod two_processes;
mod validate;
mod wallet;
