//! The service as a process of its own, with what it logs.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use sqlx::{ConnectOptions, PgPool};

use crate::app::SECRET;

/// Killed when it is dropped.
pub struct Process {
    url: String,
    http: Client,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts the program in production over `db`, with nothing else in its environment than these
    /// settings, and waits until it serves.
    pub async fn start(db: &PgPool, auth: &str, settings: &[(&str, &str)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_backend"))
            .env_clear()
            .env("DATABASE_URL", db.connect_options().to_url_lossy().as_str())
            .env("JWT_SECRET", SECRET)
            .env("AUTH_SERVICE_URL", auth)
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .envs(settings.iter().copied())
            // A `.env` of the developer's must not get in.
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        collect(child.stdout.take().unwrap(), &lines);
        collect(child.stderr.take().unwrap(), &lines);
        let url = format!("http://127.0.0.1:{port}");
        let process = Self { url, http: Client::new(), child, lines };
        let start = Instant::now();
        while process.http.get(format!("{}/livez", process.url)).send().await.is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", process.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        process
    }

    /// A request with a JSON body.
    pub fn post(&self, body: &Value) -> RequestBuilder {
        self.http.post(format!("{}/graphql", self.url)).json(body)
    }

    /// What it has printed so far, on either stream.
    pub fn log(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(from: impl Read + Send + 'static, into: &Arc<Mutex<Vec<String>>>) {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            into.lock().unwrap().push(line);
        }
    });
}
