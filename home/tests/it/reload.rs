//! A new export goes live without a restart.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::app;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

/// The program itself, since a signal is sent to a process.
#[tokio::test]
async fn hangup_reads_the_folder_again_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("index.html");
    fs::write(&page, "one").unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Command::new(env!("CARGO_BIN_EXE_home"))
        .env("PORT", port.to_string())
        .env("SITE_DIR", folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Server(server);

    wait_for(port, "one").await;
    fs::write(&page, "two").unwrap();
    server.signal("HUP");
    wait_for(port, "two").await;

    fs::remove_dir_all(folder.path()).unwrap();
    server.signal("HUP");
    tokio::time::sleep(Duration::from_millis(300)).await;
    wait_for(port, "two").await;

    server.signal("TERM");
    assert!(server.0.wait().unwrap().success());
}

async fn wait_for(port: u16, text: &str) {
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
            && app::at(port).get("/").await.text() == text
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server never answered {text}");
}
