//! Streams of answers, over Server-Sent Events and over WebSockets.

mod lifeline;
mod messages;
mod operations;
pub(crate) mod sse;
pub(crate) mod ws;
