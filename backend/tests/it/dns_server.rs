//! An authoritative DNS server on a free port of this machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_server::Server;
use hickory_server::net::runtime::TokioRuntimeProvider;
use hickory_server::proto::rr::rdata::{CNAME, SOA, TXT};
use hickory_server::proto::rr::{Name, RData, Record};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

/// The zone `example.org`, served until dropped. Names outside it are refused.
pub(crate) struct DnsServer {
    pub(crate) address: SocketAddr,
    zone: Arc<InMemoryZoneHandler<TokioRuntimeProvider>>,
    _server: Server<Catalog>,
}

impl DnsServer {
    pub(crate) async fn start() -> Self {
        let origin = name("example.org.");
        let zone = InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny);
        let soa = SOA::new(name("ns.example.org."), name("admin.example.org."), 1, 60, 60, 60, 60);
        zone.upsert(Record::from_rdata(origin.clone(), 60, RData::SOA(soa)), 1).await;
        let zone = Arc::new(zone);
        let mut catalog = Catalog::new();
        catalog.upsert(origin.into(), vec![zone.clone()]);

        let mut server = Server::new(catalog);
        let (socket, listener) = sockets().await;
        let address = socket.local_addr().unwrap();
        server.register_socket(socket);
        // Answers that do not fit into a datagram are asked for again here.
        server.register_listener(listener, Duration::from_secs(5), 4096);
        Self { address, zone, _server: server }
    }

    /// Adds a TXT record of these strings.
    pub(crate) async fn text(&self, at: &str, strings: &[&str]) {
        let strings = strings.iter().map(|&string| string.to_owned()).collect();
        self.add(at, RData::TXT(TXT::new(strings))).await;
    }

    /// Makes one name an alias of another.
    pub(crate) async fn alias(&self, at: &str, target: &str) {
        self.add(at, RData::CNAME(CNAME(name(target)))).await;
    }

    async fn add(&self, at: &str, data: RData) {
        assert!(self.zone.upsert(Record::from_rdata(name(at), 60, data), 1).await);
    }
}

/// Both of one port. One that is free for datagrams may be in use by a connection.
async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        if let Ok(listener) = TcpListener::bind(socket.local_addr().unwrap()).await {
            return (socket, listener);
        }
    }
}

/// A resolver's address at which nobody ever answers. Hold the socket.
pub(crate) async fn silent() -> (SocketAddr, UdpSocket) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    (socket.local_addr().unwrap(), socket)
}

fn name(text: &str) -> Name {
    let text = if text.ends_with('.') { text.to_owned() } else { format!("{text}.") };
    Name::from_ascii(text).unwrap()
}
