//! Logs: one line of JSON per event, or human-readable lines in a terminal.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::env::Reader;

/// How and how much is logged.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `LOG_LEVEL`: a level, then exceptions by module, as in `info,backend=debug`.
    pub level: Targets,
    /// `LOG_FORMAT`.
    pub format: Format,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text in a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(()),
        }
    }
}

impl Settings {
    /// Reads `LOG_LEVEL` and `LOG_FORMAT`.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let level = env.or(
            "LOG_LEVEL",
            "off, error, warn, info, debug or trace, then exceptions by module, such as info,backend=debug",
            "info",
        );
        let format = env.or("LOG_FORMAT", "auto, json or text (auto: text in a terminal)", "auto");
        Some(Self { level: level?, format: format? })
    }
}

/// Starts logging to standard output, panics included, once per process; a second call changes
/// nothing.
pub fn init(settings: &Settings) {
    // Libraries speak up only when something is wrong, unless asked by name.
    let quiet = ["hyper", "hyper_util", "reqwest", "sqlx", "h2", "rustls", "hickory_proto"];
    let named = settings.level.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    let level = quiet
        .into_iter()
        .filter(|name| !named.iter().any(|other| other == name))
        .fold(settings.level.clone(), |level, name| level.with_target(name, LevelFilter::WARN));
    let text = match settings.format {
        Format::Auto => std::io::stdout().is_terminal(),
        Format::Json => false,
        Format::Text => true,
    };
    let layer = if text {
        fmt::layer().compact().with_target(false).boxed()
    } else {
        fmt::layer().json().flatten_event(true).with_span_list(false).boxed()
    };
    if tracing_subscriber::registry().with(layer.with_filter(level)).try_init().is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// Writes a panic down as any other event: in one line, with the id of the request it is of.
///
/// The message only when it is a text of the program: one that is put together may quote input, and
/// input may be a secret. The stack where `RUST_BACKTRACE` asks for it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(tracing::field::display);
    let reason = panic.payload().downcast_ref::<&str>().copied();
    let stack = Backtrace::capture();
    let stack = (stack.status() == BacktraceStatus::Captured).then(|| stack.to_string());
    tracing::error!(place, reason, stack, "the program panicked");
}
