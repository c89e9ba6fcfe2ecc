//! The GraphQL service as a program: `backend` serves, `backend migrate` brings the database up to date.

use std::process::ExitCode;

use backend::Config;
use shared::program::{self, Outcome};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let commands: [program::Command; 2] =
        [("serve", Box::pin(serve())), ("migrate", Box::pin(program::migrate()))];
    program::run(backend::SERVICE, Config::read, commands).await
}

async fn serve() -> Outcome {
    let config = program::config(Config::from_vars)?;
    let (listener, shutdown) =
        program::start(backend::SERVICE, &config.telemetry, &config.host, config.port).await?;
    backend::serve(config, listener, shutdown).await.map_err(|error| error.to_string())
}
