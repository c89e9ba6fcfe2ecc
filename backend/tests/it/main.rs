//! Tests of the GraphQL service on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "test code")]

mod deployment;
mod dns_server;
mod domain;
mod events_two_replicas;
mod owner;
mod project;
mod schema;
mod site;
mod statements;
mod tenancy;
