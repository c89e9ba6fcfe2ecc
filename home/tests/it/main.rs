//! Tests of the static server over real connections.
#![expect(clippy::unwrap_used, reason = "test code")]

mod any_input;
mod app;
mod export;
mod headers;
mod pages;
mod ranges;
mod reload;
mod rules;
