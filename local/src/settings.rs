//! What `local` itself reads from the environment; the rest goes to the services as it is.

use std::collections::HashMap;
use std::path::PathBuf;

use shared::db::DatabaseUrl;
use shared::env::{Problems, Reader};
use shared::telemetry;

use crate::cli::Arguments;

/// Where values come from.
type Source = Box<dyn Fn(&str) -> Option<String>>;

/// Settings of the local platform. No `Debug`: they may hold a database password.
pub(crate) struct Settings {
    /// Where the data lives.
    pub(crate) data_dir: PathBuf,
    /// Whether nothing is kept.
    pub(crate) ephemeral: bool,
    /// `HOME_PORT`.
    pub(crate) home_port: u16,
    /// `AUTH_PORT`.
    pub(crate) auth_port: u16,
    /// `BACKEND_PORT`.
    pub(crate) backend_port: u16,
    /// `DATABASE_URL`: a PostgreSQL of the developer's own.
    pub(crate) database_url: Option<DatabaseUrl>,
    /// Logs.
    pub(crate) log: telemetry::Settings,
    /// Everything else the services may read.
    var: Source,
}

impl Settings {
    /// Reads through `var`.
    ///
    /// # Errors
    /// All problems at once.
    pub(crate) fn from_vars(
        arguments: &Arguments,
        var: impl Fn(&str) -> Option<String> + 'static,
    ) -> Result<Self, Problems> {
        let mut env = Reader::new(&var);
        let port = "a port number from 0 to 65535 (0 picks a free one)";
        let home_port = env.or("HOME_PORT", port, "3000");
        let auth_port = env.or("AUTH_PORT", port, "3001");
        let backend_port = env.or("BACKEND_PORT", port, "4000");
        let data_dir = env.or::<PathBuf>("LOCAL_DATA_DIR", "a folder", ".local");
        let database_url = env.optional("DATABASE_URL", DatabaseUrl::SHAPE);
        let log = telemetry::Settings::read(&mut env);
        let (Some(home_port), Some(auth_port), Some(backend_port)) =
            (home_port, auth_port, backend_port)
        else {
            return Err(env.problems());
        };
        let (Some(data_dir), Some(database_url), Some(log)) = (data_dir, database_url, log) else {
            return Err(env.problems());
        };
        drop(env);
        let data_dir = arguments.data_dir.clone().unwrap_or(data_dir);
        let (ephemeral, var) = (arguments.ephemeral, Box::new(var));
        Ok(Self { data_dir, ephemeral, home_port, auth_port, backend_port, database_url, log, var })
    }

    /// The environment of one service: what `local` decides, over what the developer set, over
    /// what suits a developer's machine.
    pub(crate) fn service<'a>(
        &'a self,
        decided: &'a HashMap<&'static str, String>,
    ) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            let decided = decided.get(name).cloned();
            decided.or_else(|| (self.var)(name)).or_else(|| developer_default(name))
        }
    }
}

/// Limits that do not stand in the way of somebody who tries things out.
fn developer_default(name: &str) -> Option<String> {
    let value = match name {
        "RATE_LIMIT_STRICT" => "300/15m",
        "RATE_LIMIT_STANDARD" => "600/1m",
        "RATE_LIMIT_RELAXED" => "2000/1m",
        _ => return None,
    };
    Some(value.to_owned())
}
