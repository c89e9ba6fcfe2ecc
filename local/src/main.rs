//! `cargo run`: the whole platform in one process, on an embedded PostgreSQL.

mod cli;
mod demo;
mod folder;
mod platform;
mod postgres;
mod report;
mod settings;
mod wallet;

use std::process::ExitCode;

use clap::Parser as _;
use shared::telemetry;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failure(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: cli::Arguments) -> anyhow::Result<()> {
    shared::env::load_dotenv().map_err(anyhow::Error::msg)?;
    let settings = settings::Settings::from_vars(&arguments, shared::env::process)?;
    telemetry::init(&settings.log);
    let shutdown = shared::serve::shutdown_on_signal()?;
    platform::run(settings, shutdown).await
}
