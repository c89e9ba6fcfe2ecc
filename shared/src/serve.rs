//! Accepts connections until told to stop, then lets running requests finish.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tower::Service as _;

use crate::Shutdown;

/// How long running requests may take to finish once we are told to stop.
pub const DRAIN: Duration = Duration::from_secs(15);
/// How long a connection may take to send the head of its next request. Also the life of an idle
/// connection, so it must be longer than a proxy keeps one (Traefik: 90 s): a proxy that reuses a
/// connection at the very moment we close it loses a request.
const IDLE: Duration = Duration::from_secs(100);
/// Open connections at a time; more wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 16_384;

/// Serves `router` on `listener` until `shutdown`, then drains for at most [`DRAIN`].
///
/// HTTP/1.1 only, with upgrades (WebSocket). Handlers find the peer's address in
/// `ConnectInfo<SocketAddr>`.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) {
    let service = |peer: SocketAddr| {
        let router = router.clone();
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut router = router.clone();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            // A router is always ready.
            async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|e| match e {})) }
        })
    };
    serve_with(listener, service, shutdown).await;
}

/// The same for anything that answers requests: `service` makes one for each connection. What it
/// makes has to bring the layers of [`crate::http`] along where it needs them.
pub async fn serve_with<S>(
    listener: TcpListener,
    service: impl Fn(SocketAddr) -> S,
    shutdown: Shutdown,
) where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let connections = TaskTracker::new();
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut http = http1::Builder::new();
    // No `pipeline_flush`: it takes the bound off what is buffered of a streamed body.
    http.timer(TokioTimer::new()).header_read_timeout(IDLE);

    while let Some((stream, peer, permit)) = accept(&listener, &permits, &shutdown).await {
        let _ = stream.set_nodelay(true);
        let connection = http.serve_connection(TokioIo::new(stream), service(peer)).with_upgrades();
        let stopping = shutdown.clone();
        connections.spawn(async move {
            let mut connection = pin!(connection);
            // A client that breaks the protocol or goes away is its own affair.
            tokio::select! {
                _ = connection.as_mut() => {}
                () = stopping.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(permit);
        });
    }

    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!(limit_s = DRAIN.as_secs(), "some requests did not finish in time");
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    shutdown: &Shutdown,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    loop {
        let next = async {
            let permit = Arc::clone(permits).acquire_owned().await.ok()?;
            Some((listener.accept().await, permit))
        };
        let (accepted, permit) = tokio::select! {
            () = shutdown.cancelled() => return None,
            next = next => next?,
        };
        match accepted {
            Ok((stream, peer)) => return Some((stream, peer, permit)),
            Err(error) => {
                // Out of file descriptors, or a connection that died in the queue.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Listens on `port` of all addresses (IPv6 with IPv4 where the machine has both).
///
/// # Errors
/// One line that names the port and `variable`, the setting that changes it.
pub async fn bind(host: &str, port: u16, variable: &str) -> Result<TcpListener, String> {
    TcpListener::bind((host, port)).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("port {port} is taken by another process; set {variable} to a free one")
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("this user may not listen on port {port}; set {variable} to one above 1023")
        }
        _ => format!("cannot listen on {host}:{port} ({variable}): {error}"),
    })
}

/// Cancels the returned token at Ctrl-C or SIGTERM.
///
/// # Errors
/// When the process cannot listen to signals.
pub fn shutdown_on_signal() -> std::io::Result<Shutdown> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let shutdown = Shutdown::new();
    let token = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tracing::info!("stopping: no new connections, running requests finish");
        token.cancel();
    });
    Ok(shutdown)
}
