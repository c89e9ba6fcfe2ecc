//! The static server as a program: `home` serves.

use std::process::ExitCode;

use home::Config;
use shared::{env, serve, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "home [serve | --help | --version]";

#[tokio::main]
async fn main() -> ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "serve".to_owned());
    let done = match argument.as_str() {
        "serve" => run().await,
        "--help" | "-h" => print(&env::help(USAGE, Config::read)),
        "--version" | "-V" => print(&format!("home {}", shared::health::VERSION)),
        other => Err(format!("unknown argument {other}; usage: {USAGE}")),
    };
    done.map_or_else(fail, |()| ExitCode::SUCCESS)
}

async fn run() -> Result<(), String> {
    env::load_dotenv()?;
    let config = Config::from_vars(env::process).map_err(|problems| problems.to_string())?;
    telemetry::init(&config.telemetry);
    let shutdown = serve::shutdown_on_signal().map_err(|error| error.to_string())?;
    let listener = serve::bind(&config.host, config.port, "PORT").await?;
    tracing::info!(port = config.port, "home listens");
    home::serve(config, listener, shutdown.cancelled_owned())
        .await
        .map_err(|error| error.to_string())
}

#[expect(clippy::print_stdout, reason = "what was asked for")]
#[expect(clippy::unnecessary_wraps, reason = "one of several ways a run can end")]
fn print(text: &str) -> Result<(), String> {
    println!("{text}");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a start that fails says why, log or no log")]
#[expect(clippy::needless_pass_by_value, reason = "takes what the run gave up")]
fn fail(message: String) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(64)
}
