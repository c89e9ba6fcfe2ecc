//! A chain's JSON-RPC endpoint that behaves as it is told.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How `eth_call` is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// With the magic value of ERC-1271.
    Magic,
    /// With 1, as the validator of ERC-6492 does.
    One,
    /// With the magic value of another function.
    OtherMagic,
    /// With the magic value and nothing after it.
    ShortMagic,
    /// With nothing, as an address without a contract does.
    Empty,
    /// As a contract that gives up does.
    Reverts,
    /// With an error that is not the contract's.
    Refuses,
    /// With a redirect.
    Redirects,
    /// With an answer that never ends.
    Endless,
    /// With a byte now and then.
    Drips,
    /// With something else than JSON.
    Garbage,
    /// Never.
    Hangs,
    /// By closing the connection.
    ClosesAtOnce,
}

#[derive(Clone)]
struct Shared {
    id: u64,
    behaviour: Behaviour,
    calls: Arc<Mutex<Vec<Value>>>,
    followed: Arc<Mutex<bool>>,
}

/// The endpoint.
pub(crate) struct Chain {
    pub(crate) url: String,
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Chain {
    pub(crate) async fn start(id: u64, behaviour: Behaviour) -> Self {
        let shared = Shared { id, behaviour, calls: Arc::default(), followed: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/", post(answer))
            .route("/elsewhere", get(follow).post(follow))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            if behaviour == Behaviour::ClosesAtOnce {
                loop {
                    drop(listener.accept().await);
                }
            }
            axum_serve(listener, app).await;
        });
        Self { url, shared, server }
    }

    /// What was asked, in order.
    pub(crate) fn calls(&self) -> Vec<Value> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// Whether somebody went where the redirect points.
    pub(crate) fn was_followed(&self) -> bool {
        *self.shared.followed.lock().unwrap()
    }
}

async fn axum_serve(listener: TcpListener, app: Router) {
    shared::serve::serve(listener, app, shared::Shutdown::new()).await;
}

async fn follow(State(shared): State<Shared>) -> &'static str {
    *shared.followed.lock().unwrap() = true;
    ""
}

async fn answer(State(shared): State<Shared>, body: String) -> Response {
    let call = serde_json::from_str::<Value>(&body).unwrap();
    shared.calls.lock().unwrap().push(call.clone());
    if call["method"] == "eth_chainId" {
        return result(&format!("{:#x}", shared.id));
    }
    let word = |start: &str| format!("0x{start:0<64}");
    match shared.behaviour {
        Behaviour::Magic => result(&word("1626ba7e")),
        Behaviour::One => result("0x01"),
        Behaviour::OtherMagic => result(&word("20c13b0b")),
        Behaviour::ShortMagic => result("0x1626ba7e"),
        Behaviour::Empty => result("0x"),
        Behaviour::Reverts => error(3, "execution reverted: GS026"),
        Behaviour::Refuses => error(-32005, "daily request count exceeded"),
        Behaviour::Redirects => Redirect::temporary("/elsewhere").into_response(),
        Behaviour::Garbage => "<html>".into_response(),
        Behaviour::Endless => {
            let chunks = std::iter::repeat_with(|| Ok::<_, Infallible>(vec![b' '; 64 * 1024]));
            Response::new(Body::from_stream(stream::iter(chunks)))
        }
        Behaviour::Drips => Response::new(Body::from_stream(stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Some((Ok::<_, Infallible>(" "), ()))
        }))),
        Behaviour::Hangs | Behaviour::ClosesAtOnce => std::future::pending().await,
    }
}

fn result(text: &str) -> Response {
    axum::Json(json!({ "jsonrpc": "2.0", "id": 1, "result": text })).into_response()
}

fn error(code: i32, message: &str) -> Response {
    let error = json!({ "code": code, "message": message });
    axum::Json(json!({ "jsonrpc": "2.0", "id": 1, "error": error })).into_response()
}
