//! The one connection that listens, for as long as the process lives.

use std::time::Duration;

use serde::Deserialize;
use sqlx::postgres::{PgListener, PgPoolOptions};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, Events};
use crate::schema::deployment::DeploymentStatus;

/// Where the trigger `deployments_notify` sends to.
const CHANNEL: &str = "app.deployments";
/// How long silence lasts before we ask whether the connection still lives.
const SILENCE: Duration = Duration::from_secs(30);
/// How long that answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// Pause before a lost connection is made again; doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(100);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the trigger sends: only the id of a row that was deleted.
#[derive(Deserialize)]
struct Payload {
    id: Uuid,
    status: Option<DeploymentStatus>,
    message: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

/// Listens until the process stops; makes a lost connection again.
pub(super) async fn run(events: Events) {
    let mut pause = PAUSE;
    let mut was_listening = false;
    let shutdown = events.0.shutdown.clone();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            outcome = listen(&events, &mut pause, &mut was_listening) => if let Err(error) = outcome {
                tracing::warn!(%error, "lost the connection that listens for events");
            },
        }
        events.0.listening.send_replace(false);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Connects and listens until the connection is lost.
async fn listen(
    events: &Events,
    pause: &mut Duration,
    was_listening: &mut bool,
) -> Result<(), sqlx::Error> {
    // Not one of the pool that answers requests: this one is never given back.
    let options = events.0.db.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ANSWER);
    let mut listener = PgListener::connect_with(&pool.connect_lazy_with(options)).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    *pause = PAUSE;
    // What was sent while nobody listened is lost. The first time, nobody can have missed a thing.
    if std::mem::replace(was_listening, true) {
        events.tell_all_unsure();
    }
    events.0.listening.send_replace(true);
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => tell(events, notification.payload()),
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_silence) => {
                let ask = sqlx::query("select 1").execute(&mut listener);
                tokio::time::timeout(ANSWER, ask)
                    .await
                    .map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))??;
            }
        }
    }
}

fn tell(events: &Events, payload: &str) {
    match serde_json::from_str(payload) {
        Ok(Payload { id, status: Some(status), message, at: Some(at) }) => {
            events.tell(id, Change::Status { status, message, at });
        }
        Ok(Payload { id, .. }) => events.tell(id, Change::Unsure),
        Err(error) => tracing::error!(%error, "an event is not what the trigger sends"),
    }
}
