//! The static server as a program: `home` serves.

use std::process::ExitCode;

use home::Config;
use shared::program::{self, Outcome};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let commands: [program::Command; 1] = [("serve", Box::pin(serve()))];
    program::run(home::SERVICE, Config::read, commands).await
}

async fn serve() -> Outcome {
    let config = program::config(Config::from_vars)?;
    let (listener, shutdown) =
        program::start(home::SERVICE, &config.telemetry, &config.host, config.port).await?;
    home::serve(config, listener, shutdown.cancelled_owned())
        .await
        .map_err(|error| error.to_string())
}
