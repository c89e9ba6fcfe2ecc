//! Starts the program and waits until it says that everything answers.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use serde_json::{Value, json};

/// Longest time a start may take on a busy machine, in a build without optimisations.
const START: Duration = Duration::from_secs(90);

/// A running platform; killed when dropped.
pub(crate) struct Platform {
    child: Child,
    pub(crate) printed: Vec<String>,
    pub(crate) described: Value,
    pub(crate) http: Client,
}

/// The program on free ports, with an environment of its own.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command
        .args(arguments)
        .env_clear()
        .envs(["PATH", "HOME"].map(|name| (name, std::env::var_os(name).unwrap_or_default())))
        .env("LOCAL_DATA_DIR", folder)
        .env("LOG_LEVEL", "warn")
        .envs([("HOME_PORT", "0"), ("AUTH_PORT", "0"), ("BACKEND_PORT", "0")])
        // Away from any `.env` of the repository.
        .current_dir(folder);
    command
}

impl Platform {
    /// Starts it on the data in `folder`.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::run(command(folder, arguments), folder)
    }

    /// Runs a command and waits for its last line of introduction.
    pub(crate) fn run(mut command: Command, folder: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        // From here on a panic stops the child, too.
        let mut platform = Self { child, printed: Vec::new(), described: Value::Null, http };
        let (sender, lines) = mpsc::channel();
        // Reads to the end: a program that cannot print any more would stop.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let start = Instant::now();
        while platform.printed.last().is_none_or(|line| line != "Ctrl-C stops it.") {
            let left = START.saturating_sub(start.elapsed());
            let line = lines.recv_timeout(left).expect("the platform says that it is running");
            platform.printed.push(line);
        }
        let described = std::fs::read_to_string(folder.join("platform.json")).unwrap();
        platform.described = serde_json::from_str(&described).unwrap();
        platform
    }

    /// One of `home`, `auth`, `backend`, `token`, `databaseUrl`.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.described[name].as_str().unwrap()
    }

    /// Asks GraphQL as the development wallet.
    pub(crate) fn graphql(&self, query: &str) -> Value {
        let request = self.http.post(format!("{}/graphql", self.get("backend")));
        let request = request.bearer_auth(self.get("token")).json(&json!({ "query": query }));
        request.send().unwrap().json().unwrap()
    }

    /// Sends a signal and waits for the end.
    pub(crate) fn stop(mut self, signal: &str) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
