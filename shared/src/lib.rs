//! What the three services of Alternate Futures have in common. A thing enters when a second
//! service needs it.

pub mod address;
pub mod api;
pub mod client_ip;
pub mod clock;
pub mod db;
pub mod env;
pub mod flood;
pub mod health;
pub mod http;
pub mod jwt;
pub mod problem;
pub mod program;
pub mod rate;
pub mod request;
pub mod serve;
pub mod telemetry;

pub use problem::Problem;
pub use tokio_util::sync::CancellationToken as Shutdown;
