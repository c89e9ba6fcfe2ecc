//! Streams of answers, over Server-Sent Events and over a WebSocket.

mod lifeline;
mod messages;
mod operations;
pub(crate) mod sse;
pub(crate) mod ws;
