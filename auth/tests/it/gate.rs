//! A gate in front of a server: what goes through it can be cut off and let through again.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Closed when it is dropped.
pub(crate) struct Gate {
    address: SocketAddr,
    behind: (String, u16),
    traffic: Option<JoinHandle<()>>,
}

impl Gate {
    /// An open one on a free port in front of `host`:`port`.
    pub(crate) async fn open(host: &str, port: u16) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut gate = Self { address, behind: (host.to_owned(), port), traffic: None };
        gate.reopen().await;
        gate
    }

    /// Where to connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection and refuses new ones.
    pub(crate) async fn close(&mut self) {
        if let Some(traffic) = self.traffic.take() {
            traffic.abort();
            let _ = traffic.await;
        }
    }

    /// Lets connections through again.
    pub(crate) async fn reopen(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let behind = self.behind.clone();
        self.traffic = Some(tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let behind = behind.clone();
                connections.spawn(async move {
                    let mut server = TcpStream::connect(behind).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        }));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(traffic) = &self.traffic {
            traffic.abort();
        }
    }
}
