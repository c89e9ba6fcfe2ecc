//! What a broken auth service sounds like. The one that works is the real one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;

/// What it does with a request.
#[derive(Clone)]
pub enum Manner {
    /// Answers 200 with this.
    Answers(Value),
    /// Answers 200 with something else than JSON.
    Garbage,
    /// Answers 200 with more than anyone wants.
    Endless,
    /// Answers this status.
    Fails(StatusCode),
    /// Answers nothing.
    Hangs,
    /// Sends the reader elsewhere.
    Redirects,
}

/// Something that listens where auth should.
pub struct StandIn {
    /// Its base address.
    pub url: String,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
    manner: Arc<Mutex<Manner>>,
}

type Shared = (Arc<Mutex<Vec<HeaderMap>>>, Arc<Mutex<Manner>>);

impl StandIn {
    /// One that behaves so.
    pub async fn new(manner: Manner) -> Self {
        let (seen, manner) = (Arc::<Mutex<Vec<_>>>::default(), Arc::new(Mutex::new(manner)));
        let state = (Arc::clone(&seen), Arc::clone(&manner));
        let router = Router::new().fallback(answer).with_state(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(shared::serve::serve(listener, router, shared::Shutdown::new()));
        Self { url, seen, manner }
    }

    /// One that answers this.
    pub async fn answering(body: Value) -> Self {
        Self::new(Manner::Answers(body)).await
    }

    /// From now on it behaves so.
    pub fn turn(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Headers of every request so far.
    pub fn seen(&self) -> Vec<HeaderMap> {
        self.seen.lock().unwrap().clone()
    }
}

async fn answer(State((seen, manner)): State<Shared>, request: Request) -> Response {
    seen.lock().unwrap().push(request.headers().clone());
    let manner = manner.lock().unwrap().clone();
    match manner {
        Manner::Answers(body) => {
            // Long enough that what comes at the same time finds it under way.
            tokio::time::sleep(Duration::from_millis(100)).await;
            axum::Json(body).into_response()
        }
        Manner::Garbage => "<html>".into_response(),
        Manner::Endless => "x".repeat(8 * 1024 * 1024).into_response(),
        Manner::Fails(status) => status.into_response(),
        Manner::Hangs => std::future::pending().await,
        Manner::Redirects => {
            (StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]).into_response()
        }
    }
}
