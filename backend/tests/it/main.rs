//! Tests of the GraphQL service on a real PostgreSQL.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "test code")]
#![expect(clippy::format_collect, reason = "short texts, made once")]

mod app;
mod apq;
mod auth_link;
mod auth_stand_in;
mod cli_operations;
mod connections;
mod deployment;
mod dns_server;
mod domain;
mod events_two_replicas;
mod failures;
mod http;
mod limits;
mod outages;
mod owner;
mod panics;
mod process;
mod project;
mod schema;
mod server_events;
mod session;
mod site;
mod socket;
mod statements;
mod subscriptions_transport;
mod tenancy;
mod token;
mod user;
mod written;
