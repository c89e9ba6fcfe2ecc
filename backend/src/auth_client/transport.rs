//! One call to auth: headers, time limit, retry, circuit, bounded answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use serde::de::DeserializeOwned;
use shared::api::SERVICE_TOKEN;
use shared::request::{REQUEST_ID, RequestInfo, TRACEPARENT};

use super::circuit::Circuit;
use super::jitter;
use crate::error::Error;
use shared::address::Address;

/// How long one attempt may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
/// A longer answer is none of auth's; 500 tokens in a list are below it.
const LONGEST_ANSWER: usize = 1024 * 1024;
/// What a caller is told.
const AWAY: Error = Error::Unavailable("the auth service");

/// What is asked.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: Option<serde_json::Value>,
    pub(super) bearer: Option<&'a str>,
    /// Lifts auth's limit by address; never sent with a sign-in, which is what the limit guards.
    pub(super) service_token: Option<Arc<str>>,
    /// Whether asking twice does no harm.
    pub(super) is_safe: bool,
    pub(super) request: &'a RequestInfo,
}

impl<'a> Call<'a> {
    /// A question that may be repeated, without a body.
    pub(super) fn post(path: &'a str, request: &'a RequestInfo) -> Self {
        Self {
            method: Method::POST,
            path,
            body: None,
            bearer: None,
            service_token: None,
            is_safe: true,
            request,
        }
    }
}

/// What auth answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// The body of a successful answer; anything else is a failure of auth.
    pub(super) fn read<T: DeserializeOwned>(&self, transport: &Transport) -> Result<T, Error> {
        let read = self.status.is_success().then(|| serde_json::from_slice(&self.body));
        match read {
            Some(Ok(body)) => Ok(body),
            Some(Err(error)) => {
                transport.failed("it answered something else than JSON of the agreed shape");
                tracing::debug!(%error, "unreadable answer of auth");
                Err(AWAY)
            }
            None => Err(AWAY),
        }
    }

    /// The body, when it can be read.
    pub(super) fn read_failure<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// The connection pool to auth.
pub(super) struct Transport {
    http: Client,
    base: String,
    circuit: Circuit,
}

impl Transport {
    pub(super) fn new(base: &Address) -> anyhow::Result<Self> {
        // Whoever comes first in the process installs it; there is but one choice.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .connect_timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_idle_timeout(Duration::from_mins(1))
            .build()?;
        Ok(Self { http, base: base.0.clone(), circuit: Circuit::default() })
    }

    /// Whether the last calls got an answer.
    pub(super) fn is_well(&self) -> bool {
        self.circuit.is_closed()
    }

    /// Sends a call, twice at most. An answer of 5xx is none.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Answer, Error> {
        if !self.circuit.admits(Instant::now()) {
            return Err(AWAY);
        }
        let mut attempt = self.attempt(&call).await;
        if attempt.as_ref().is_err_and(|failure| call.is_safe || failure.never_arrived) {
            tokio::time::sleep(jitter()).await;
            attempt = self.attempt(&call).await;
        }
        match attempt {
            Ok(answer) => {
                if self.circuit.succeeded() {
                    tracing::info!("the auth service answers again");
                }
                Ok(answer)
            }
            Err(failure) => {
                self.failed(&failure.cause);
                Err(AWAY)
            }
        }
    }

    /// Notes and logs that auth failed.
    fn failed(&self, cause: &str) {
        let opened = self.circuit.failed(Instant::now());
        tracing::error!(cause, "the auth service does not answer");
        if opened {
            tracing::error!("requests with a token are answered 503 until auth answers again");
        }
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let request = self.request(call);
        let answer = tokio::time::timeout(TIMEOUT, receive(request));
        let answer = answer.await.map_err(|_| Failure::of("it took longer than 2 s"))??;
        // In a sign-in, 5xx may be a wallet's chain that does not answer: no reason to stop.
        if answer.status.is_server_error() && call.is_safe {
            return Err(Failure::of(&format!("it answered {}", answer.status.as_u16())));
        }
        Ok(answer)
    }

    fn request(&self, call: &Call<'_>) -> RequestBuilder {
        let url = format!("{}{}", self.base, call.path);
        let request = call.request;
        let mut builder = self
            .http
            .request(call.method.clone(), url)
            .header(REQUEST_ID, request.id_header())
            .header(TRACEPARENT, request.trace().child())
            .header("x-forwarded-for", request.client().to_string());
        if let Some(token) = &call.service_token {
            builder = builder.header(SERVICE_TOKEN, token.as_ref());
        }
        if let Some(token) = call.bearer {
            builder = builder.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(body) = &call.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        builder
    }
}

async fn receive(request: RequestBuilder) -> Result<Answer, Failure> {
    let mut answer = request.send().await?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(Failure::of("its answer is too long"));
        }
    }
    Ok(Answer { status, body })
}

/// Why an attempt failed, for the log.
struct Failure {
    cause: String,
    /// Whether auth cannot have seen it, so that even a sign-in may be sent again.
    never_arrived: bool,
}

impl Failure {
    fn of(cause: &str) -> Self {
        Self { cause: cause.to_owned(), never_arrived: false }
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let never_arrived = error.is_connect();
        let error = error.without_url();
        let root = std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
        Self { cause: root, never_arrived }
    }
}
