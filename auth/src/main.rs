//! The auth service as a program: `auth` serves, `auth migrate` brings the database up to date.

use std::process::ExitCode;

use auth::Config;
use shared::program::{self, Outcome};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let commands: [program::Command; 2] =
        [("serve", Box::pin(serve())), ("migrate", Box::pin(program::migrate()))];
    program::run(auth::SERVICE, Config::read, commands).await
}

async fn serve() -> Outcome {
    let config = program::config(Config::from_vars)?;
    let (listener, shutdown) =
        program::start(auth::SERVICE, &config.telemetry, &config.host, config.port).await?;
    auth::serve(config, listener, shutdown).await.map_err(|error| error.to_string())
}
