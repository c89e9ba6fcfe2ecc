//! A client's end of a WebSocket, and a deployment to watch.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::app::{TestApp, User};

pub const WATCH: &str =
    "subscription($id: ID!) { deploymentStatus(deploymentId: $id) { status timestamp } }";
const STEP: &str = "mutation($id: ID!, $s: DeploymentStatus!) { updateDeploymentStatus(id: $id, status: $s) { id } }";

/// A client's end of a socket.
pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

pub async fn connect(app: &TestApp, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let url = format!("{}/graphql", app.url.replace("http://", "ws://"));
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| Socket(socket))
}

pub const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

impl Socket {
    pub async fn open(app: &TestApp) -> Self {
        connect(app, &[PROTOCOL]).await.unwrap()
    }

    /// Open, and greeted in the name of `token`.
    pub async fn greeted(app: &TestApp, token: Option<&str>) -> Self {
        let mut socket = Self::open(app).await;
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    pub async fn hear(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// The code we are hung up with.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.next().await {
                return frame.unwrap().code.into();
            }
        }
    }

    async fn next(&mut self) -> Message {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(12), self.0.next()).await;
            match message.unwrap().unwrap().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                other => return other,
            }
        }
    }
}

/// A new deployment of a new site.
pub async fn deployment(app: &TestApp, user: &User) -> String {
    let run = async |query: &str, variables: Value| {
        let call = app.post(&json!({ "query": query, "variables": variables }));
        let answer =
            call.bearer_auth(&user.jwt).send().await.unwrap().json::<Value>().await.unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"]["made"]["id"].as_str().unwrap().to_owned()
    };
    let project =
        run("mutation { made: createProject(data: {name: \"P\"}) { id } }", json!({})).await;
    let site = "mutation($p: ID!) { made: createSite(data: {name: \"S\", projectId: $p}) { id } }";
    let site = run(site, json!({ "p": project })).await;
    let cid = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";
    let deploy = "mutation($s: ID!, $c: String!) { made: createCustomIpfsDeployment(data: {siteId: $s, cid: $c}) { id } }";
    run(deploy, json!({ "s": site, "c": cid })).await
}

pub async fn step(app: &TestApp, user: &User, id: &str, status: &str) {
    let call = app.post(&json!({ "query": STEP, "variables": { "id": id, "s": status } }));
    let answer = call.bearer_auth(&user.jwt).send().await.unwrap().json::<Value>().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
}
