//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Runs the whole Alternate Futures platform in one process: home, auth and backend over real HTTP
/// on an embedded PostgreSQL. Needs nothing but this program.
#[derive(Debug, Parser)]
#[command(name = "local", version, after_help = SETTINGS)]
pub(crate) struct Arguments {
    /// Keep nothing: the database and its secrets are gone when the program ends
    #[arg(long)]
    pub(crate) ephemeral: bool,

    /// Where the data lives [default: `LOCAL_DATA_DIR`, or .local]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
}

const SETTINGS: &str = "\
Settings (environment variables, or a .env file):
  HOME_PORT, AUTH_PORT, BACKEND_PORT
                      Ports to listen on [default: 3000, 3001, 4000; 0 picks a free one]
  LOCAL_DATA_DIR      Where the data lives [default: .local]
  DATABASE_URL        Use this PostgreSQL (15 to 18) instead of the embedded one; its user must be
                      allowed to create schemas and roles
  REDIS_URL           Use this Redis instead of counters in process memory
  LOG_LEVEL, LOG_FORMAT
                      What is logged [default: info; text in a terminal, JSON elsewhere]
Every other setting of the services works, too: see .env.example.

When everything answers, FOLDER/platform.json has the URLs and a token for scripts.";
