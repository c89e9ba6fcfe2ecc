//! The GraphQL service as a program of its own.

use std::process::ExitCode;

use backend::Config;
use shared::{db, env, serve, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: backend [serve | migrate | --help | --version]";

#[tokio::main]
async fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let outcome = match argument.as_deref() {
        None | Some("serve") => run().await,
        Some("migrate") => migrate().await,
        Some("--help" | "-h") => say(&env::help(USAGE, Config::read)),
        Some("--version" | "-V") => say(concat!("backend ", env!("CARGO_PKG_VERSION"))),
        Some(_) => Err(USAGE.to_owned()),
    };
    let Err(message) = outcome else { return ExitCode::SUCCESS };
    #[expect(clippy::print_stderr, reason = "a start that fails says why, log or no log")]
    {
        eprintln!("{message}");
    }
    ExitCode::from(64)
}

async fn run() -> Result<(), String> {
    env::load_dotenv()?;
    let config = Config::from_vars(env::process).map_err(|problems| problems.to_string())?;
    telemetry::init(&config.telemetry);
    let shutdown = serve::shutdown_on_signal().map_err(|error| error.to_string())?;
    let listener = serve::bind(&config.host, config.port, "PORT").await?;
    tracing::info!(port = config.port, "backend listens");
    backend::serve(config, listener, shutdown).await.map_err(|error| error.to_string())
}

async fn migrate() -> Result<(), String> {
    env::load_dotenv()?;
    let mut env = env::Reader::new(env::process);
    let url = env.required::<db::DatabaseUrl>("DATABASE_URL", db::DatabaseUrl::SHAPE);
    let Some(url) = url else { return Err(env.problems().to_string()) };
    db::migrate(&url).await.map_err(|error| error.to_string())
}

#[expect(clippy::print_stdout, clippy::unnecessary_wraps, reason = "an answer to the terminal")]
fn say(text: &str) -> Result<(), String> {
    println!("{text}");
    Ok(())
}
