//! `local` as a developer meets it: the real program, real sockets on free ports.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test code")]

mod journeys;
mod platform;
mod refusals;
mod restart;
mod settings;
