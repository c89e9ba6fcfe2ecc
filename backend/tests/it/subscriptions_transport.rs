//! The protocol `graphql-transport-ws`.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use sqlx::PgPool;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::app::TestApp;
use crate::server_events::events;
use crate::socket::{PROTOCOL, Socket, WATCH, connect, deployment, step};

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_subscription_tells_every_step_and_then_completes(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let id = deployment(&app, &user).await;
    let mut socket = Socket::greeted(&app, Some(&user.jwt)).await;

    socket.subscribe("1", WATCH, json!({ "id": id })).await;
    let status = |message: &serde_json::Value| {
        message["payload"]["data"]["deploymentStatus"]["status"].clone()
    };
    assert_eq!(status(&socket.hear().await), "PENDING");
    step(&app, &user, &id, "UPLOADING").await;
    let message = socket.hear().await;
    assert_eq!((&message["id"], &message["type"]), (&json!("1"), &json!("next")));
    assert_eq!(status(&message), "UPLOADING");
    step(&app, &user, &id, "SUCCESS").await;
    assert_eq!(status(&socket.hear().await), "SUCCESS");
    assert_eq!(socket.hear().await, json!({ "id": "1", "type": "complete" }));

    socket.subscribe("1", "{ me { id } }", json!({})).await;
    assert_eq!(socket.hear().await["payload"]["data"]["me"]["id"], user.id.to_string());
    assert_eq!(socket.hear().await["type"], "complete");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_token_in_the_header_of_the_upgrade_counts_too(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let bearer = format!("Bearer {}", user.jwt);
    let mut socket = connect(&app, &[PROTOCOL, ("authorization", &bearer)]).await.unwrap();
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    socket.subscribe("a", "{ me { id } }", json!({})).await;
    assert_eq!(socket.hear().await["payload"]["data"]["me"]["id"], user.id.to_string());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn others_deployments_and_invalid_operations_are_errors_of_their_id_alone(db: PgPool) {
    let app = TestApp::start(&db).await;
    let (user, other) = (app.user().await, app.user().await);
    let id = deployment(&app, &other).await;
    let mut socket = Socket::greeted(&app, Some(&user.jwt)).await;

    socket.subscribe("1", WATCH, json!({ "id": id })).await;
    let message = socket.hear().await;
    assert_eq!(message["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND", "{message}");
    assert_eq!(socket.hear().await["type"], "complete");

    for (query, expected) in
        [("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED")]
    {
        socket.subscribe("2", query, json!({})).await;
        let message = socket.hear().await;
        assert_eq!(message["type"], "error");
        assert_eq!(message["payload"][0]["extensions"]["code"], expected);
    }
    socket.say(json!({ "type": "ping", "payload": { "a": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "a": 1 } }));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn a_client_that_does_not_say_who_it_is_is_hung_up_on(db: PgPool) {
    let app = TestApp::start(&db).await;
    let start = Instant::now();
    let mut socket = Socket::open(&app).await;
    assert_eq!(socket.closed().await, 4408);
    assert!((Duration::from_secs(3)..Duration::from_secs(10)).contains(&start.elapsed()));
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn what_breaks_the_protocol_ends_the_socket_with_its_code(db: PgPool) {
    let app = TestApp::start(&db).await;
    let init = json!({ "type": "connection_init" });

    let mut early = Socket::open(&app).await;
    early.subscribe("1", "{ __typename }", json!({})).await;
    assert_eq!(early.closed().await, 4401);

    let mut twice = Socket::greeted(&app, None).await;
    twice.say(init.clone()).await;
    assert_eq!(twice.closed().await, 4429);

    for nonsense in
        [json!([]), json!({ "type": "start" }), json!({ "type": "subscribe", "id": "" })]
    {
        let mut socket = Socket::greeted(&app, None).await;
        socket.say(nonsense).await;
        assert_eq!(socket.closed().await, 4400);
    }

    let mut bad = Socket::open(&app).await;
    let payload = json!({ "Authorization": "Bearer a.b.c" });
    bad.say(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(bad.closed().await, 4401);

    let mut other = connect(&app, &[("sec-websocket-protocol", "graphql-ws")]).await;
    if let Ok(socket) = &mut other {
        assert_eq!(socket.closed().await, 4406);
    }

    let user = app.user().await;
    let id = deployment(&app, &user).await;
    let mut same = Socket::greeted(&app, Some(&user.jwt)).await;
    same.subscribe("1", WATCH, json!({ "id": id })).await;
    same.hear().await;
    same.subscribe("1", WATCH, json!({ "id": id })).await;
    assert_eq!(same.closed().await, 4409);

    let mut long = Socket::greeted(&app, None).await;
    let huge = Message::text("x".repeat(1024 * 1024));
    let gone = long.0.send(huge).await.is_err()
        || !matches!(long.0.next().await, Some(Ok(Message::Text(_))));
    assert!(gone, "a message of 1 MiB is not read");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn pages_of_other_sites_cannot_open_a_socket(db: PgPool) {
    let app = TestApp::with(&db, &[("APP_URL", "https://www.example.org")]).await;
    for (origin, is_ours) in [
        ("https://www.example.org", true),
        ("https://evil.example", false),
        ("https://www.example.org.evil.example", false),
        ("null", false),
    ] {
        match connect(&app, &[PROTOCOL, ("origin", origin)]).await {
            Ok(_) => assert!(is_ours, "{origin}"),
            Err(Error::Http(answer)) => {
                assert_eq!((answer.status().as_u16(), is_ours), (403, false), "{origin}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn one_socket_has_so_many_subscriptions_and_no_more(db: PgPool) {
    let settings = [("ENVIRONMENT", "development"), ("GRAPHQL_MAX_SUBSCRIPTIONS", "3")];
    let app = TestApp::with(&db, &settings).await;
    let user = app.user().await;
    let id = deployment(&app, &user).await;
    let mut socket = Socket::greeted(&app, Some(&user.jwt)).await;
    for n in 0..3 {
        socket.subscribe(&n.to_string(), WATCH, json!({ "id": id })).await;
        assert_eq!(socket.hear().await["type"], "next");
    }
    socket.subscribe("3", WATCH, json!({ "id": id })).await;
    let refused = socket.hear().await;
    assert_eq!(refused["type"], "error");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "TOO_MANY_SUBSCRIPTIONS");

    socket.say(json!({ "type": "complete", "id": "1" })).await;
    socket.subscribe("4", WATCH, json!({ "id": id })).await;
    assert_eq!(socket.hear().await["type"], "next");
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn sockets_and_events_end_when_the_token_dies(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let id = deployment(&app, &user).await;
    let mut socket = Socket::greeted(&app, Some(&user.jwt)).await;
    socket.subscribe("1", WATCH, json!({ "id": id })).await;
    socket.hear().await;
    let mut events = events(&app, &user, &id).await;
    assert!(events.next_with("next").await.contains("PENDING"));

    sqlx::query("delete from auth.sessions where id = $1")
        .bind(user.session)
        .execute(&db)
        .await
        .unwrap();
    app.ask("mutation { logout }", Some(&user.jwt)).await;

    let start = Instant::now();
    assert_eq!(socket.closed().await, 4401);
    assert!(events.next_with("next").await.contains("UNAUTHENTICATED"));
    events.next_with("complete").await;
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
}

#[sqlx::test(migrator = "shared::db::MIGRATOR")]
async fn sockets_and_events_end_when_the_process_is_told_to_stop(db: PgPool) {
    let app = TestApp::start(&db).await;
    let user = app.user().await;
    let id = deployment(&app, &user).await;
    let mut socket = Socket::greeted(&app, Some(&user.jwt)).await;
    let mut silent = Socket::open(&app).await;
    let mut events = events(&app, &user, &id).await;
    events.next_with("next").await;

    app.shutdown.cancel();

    assert_eq!(socket.closed().await, 1001);
    assert_eq!(silent.closed().await, 1001);
    events.next_with("complete").await;
}
