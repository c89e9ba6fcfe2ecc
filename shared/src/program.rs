//! A service as a program: what its command line says, and how it starts.

use std::io::Write as _;
use std::process::ExitCode;

use futures_util::future::BoxFuture;
use tokio::net::TcpListener;

use crate::db::{self, DatabaseUrl};
use crate::env::{self, Problems, Reader};
use crate::{Shutdown, health, serve, telemetry};

/// How a command ends: nothing more to say, or one line (one a problem) for whoever started it.
pub type Outcome = Result<(), String>;

/// A command of the program and what it does.
pub type Command = (&'static str, BoxFuture<'static, Outcome>);

/// Runs the command that the arguments name, the first of `commands` when they name none. `read`
/// asks for all settings, for `--help`. Whatever goes wrong is told in the terminal, log or no log,
/// and exits with 64 (`EX_USAGE` of sysexits.h).
pub async fn run<T>(
    name: &str,
    read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
    commands: impl IntoIterator<Item = Command>,
) -> ExitCode {
    let mut commands = commands.into_iter().collect::<Vec<_>>();
    let names = commands.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | ");
    let usage = format!("usage: {name} [{names} | --help | --version]");
    let argument = std::env::args().nth(1);
    let known = argument
        .as_ref()
        .map_or(Some(0), |argument| commands.iter().position(|(command, _)| command == argument));
    let outcome = match (known, argument.as_deref()) {
        (Some(known), _) => commands.swap_remove(known).1.await,
        (None, Some("--help" | "-h")) => say(&env::help(&usage, read)),
        (None, Some("--version" | "-V")) => say(&format!("{name} {}", health::VERSION)),
        (None, other) => Err(format!("unknown argument {}; {usage}", other.unwrap_or_default())),
    };
    let Err(message) = outcome else { return ExitCode::SUCCESS };
    #[expect(clippy::print_stderr, reason = "a start that fails says why, log or no log")]
    {
        eprintln!("{message}");
    }
    ExitCode::from(64)
}

/// The settings, from the process environment and a `.env` file.
///
/// # Errors
/// All that is wrong with them.
pub fn config<T>(
    from_vars: impl FnOnce(fn(&str) -> Option<String>) -> Result<T, Problems>,
) -> Result<T, String> {
    env::load_dotenv()?;
    from_vars(env::process).map_err(|problems| problems.to_string())
}

/// Starts the log, listens for signals and opens the port (`PORT`).
///
/// # Errors
/// The port is taken, or the address is none of this machine's.
pub async fn start(
    name: &str,
    telemetry: &telemetry::Settings,
    host: &str,
    port: u16,
) -> Result<(TcpListener, Shutdown), String> {
    telemetry::init(telemetry);
    let shutdown = serve::shutdown_on_signal().map_err(|error| error.to_string())?;
    let listener = serve::bind(host, port, "PORT").await?;
    tracing::info!(port, "{name} listens");
    Ok((listener, shutdown))
}

/// Brings the database at `DATABASE_URL` up to date; asks for no other setting.
///
/// # Errors
/// There is no such setting, nobody answers, or a migration failed.
pub async fn migrate() -> Outcome {
    let url = config(|var| {
        let mut env = Reader::new(var);
        let url = env.required::<DatabaseUrl>("DATABASE_URL", DatabaseUrl::SHAPE);
        url.ok_or_else(|| env.problems())
    })?;
    db::migrate(&url).await.map_err(|error| error.to_string())
}

fn say(text: &str) -> Outcome {
    writeln!(std::io::stdout(), "{text}").map_err(|error| error.to_string())
}
