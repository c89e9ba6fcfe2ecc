//! The auth service as a program: `auth` serves, `auth migrate` brings the database up to date.

use std::io::Write as _;
use std::process::ExitCode;

use auth::Config;
use shared::{db, env, serve, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "auth [serve | migrate | --help | --version]";

#[tokio::main]
async fn main() -> ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "serve".to_owned());
    let done = match argument.as_str() {
        "serve" => serve().await,
        "migrate" => migrate().await,
        "--help" | "-h" => print(&env::help(USAGE, Config::read)),
        "--version" | "-V" => print(&format!("auth {}", shared::health::VERSION)),
        other => Err(format!("unknown argument {other}; usage: {USAGE}")),
    };
    done.map_or_else(|message| fail(&message), |()| ExitCode::SUCCESS)
}

async fn serve() -> Result<(), String> {
    env::load_dotenv()?;
    let config = Config::from_vars(env::process).map_err(|problems| problems.to_string())?;
    telemetry::init(&config.telemetry);
    let shutdown = serve::shutdown_on_signal().map_err(|error| error.to_string())?;
    let listener = serve::bind(&config.host, config.port, "PORT").await?;
    tracing::info!(port = config.port, "auth listens");
    auth::serve(config, listener, shutdown).await.map_err(|error| error.to_string())
}

async fn migrate() -> Result<(), String> {
    env::load_dotenv()?;
    let url = auth::config::database_url(env::process).map_err(|problems| problems.to_string())?;
    db::migrate(&url).await.map_err(|error| error.to_string())
}

fn print(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| error.to_string())
}

#[expect(clippy::print_stderr, reason = "a start that fails says why, log or no log")]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(64)
}
