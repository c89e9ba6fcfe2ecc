//! The service as a process of its own, with what it logs.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::app::Api;

/// Killed when it is dropped.
pub(crate) struct Process {
    api: Api,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Deref for Process {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Process {
    /// Starts the program with nothing but `settings` in its environment, and waits until it serves.
    pub(crate) async fn start(settings: &BTreeMap<&'static str, String>) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_auth"))
            .env_clear()
            .envs(settings)
            .env("PORT", port.to_string())
            .env("HOST", "127.0.0.1")
            // A `.env` of the developer's must not get in.
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        collect(child.stdout.take().unwrap(), &lines);
        collect(child.stderr.take().unwrap(), &lines);
        let api = Api::new(format!("http://127.0.0.1:{port}"));
        let process = Self { api, child, lines };
        let start = Instant::now();
        while process.client.get(format!("{}/livez", process.url)).send().await.is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "{:?}", process.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        process
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Stops it as an orchestrator would, and returns all it has logged.
    pub(crate) async fn stop(mut self) -> Vec<String> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let start = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(20), "it does not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.log()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(from: impl std::io::Read + Send + 'static, into: &Arc<Mutex<Vec<String>>>) {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            into.lock().unwrap().push(line);
        }
    });
}
