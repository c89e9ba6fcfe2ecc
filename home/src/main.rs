//! The static server as a program of its own.

use std::process::ExitCode;

use home::Config;
use shared::{env, serve, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            #[expect(clippy::print_stderr, reason = "a start that fails says why, log or no log")]
            {
                eprintln!("{message}");
            }
            ExitCode::from(64)
        }
    }
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
