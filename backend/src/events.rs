//! What happens to deployments, told to whoever watches them.
//!
//! The database's trigger sends a notification with every committed change, so a subscriber hears
//! of it whichever replica made it. One connection listens for the whole process, and only once
//! somebody has subscribed. With the embedded database, which serves a single connection, changes
//! are told within the process instead.

mod listen;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use shared::Shutdown;
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use crate::schema::deployment::DeploymentStatus;
use crate::{Error, EventBus};

/// Changes that a slow subscriber may be behind; then it reads the row instead.
const MOST_BEHIND: usize = 16;
/// How long a subscription waits for the database to be listened to.
const START: Duration = Duration::from_secs(5);

/// What happened to a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has another status.
    Status {
        /// Which.
        status: DeploymentStatus,
        /// What was said about it.
        message: Option<String>,
        /// When.
        at: OffsetDateTime,
    },
    /// It may have changed or be gone: read it.
    Unsure,
}

/// Tells changes. Clones are one.
#[derive(Clone)]
pub struct Events(Arc<Inner>);

struct Inner {
    bus: EventBus,
    db: PgPool,
    shutdown: Shutdown,
    watched: Mutex<HashMap<Uuid, broadcast::Sender<Change>>>,
    /// Whether the database is listened to now.
    listening: watch::Sender<bool>,
    started: std::sync::Once,
}

impl Events {
    /// Tells nothing yet and opens no connection.
    #[must_use]
    pub fn new(bus: EventBus, db: PgPool, shutdown: Shutdown) -> Self {
        let (listening, _) = watch::channel(bus == EventBus::Process);
        let (watched, started) = (Mutex::default(), std::sync::Once::new());
        Self(Arc::new(Inner { bus, db, shutdown, watched, listening, started }))
    }

    /// Watches a deployment: every change that is committed from now on is told.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub async fn watch(&self, deployment: Uuid) -> Result<Watch, Error> {
        let receiver = {
            let mut watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
            let sender =
                watched.entry(deployment).or_insert_with(|| broadcast::Sender::new(MOST_BEHIND));
            sender.subscribe()
        };
        // From here on its drop cleans up.
        let watch = Watch { events: self.clone(), deployment, receiver: Some(receiver) };
        if self.0.bus == EventBus::Database {
            self.0.started.call_once(|| drop(tokio::spawn(listen::run(self.clone()))));
        }
        let mut listening = self.0.listening.subscribe();
        let ready = tokio::time::timeout(START, listening.wait_for(|is| *is)).await;
        ready
            .is_ok_and(|ready| ready.is_ok())
            .then_some(watch)
            .ok_or(Error::Unavailable("the event stream"))
    }

    /// A deployment of this process has changed; its transaction is committed.
    pub fn changed(&self, deployment: Uuid, change: Change) {
        if self.0.bus == EventBus::Process {
            self.tell(deployment, change);
        }
    }

    /// This process has deleted rows; deployments may be among them.
    pub fn deleted(&self) {
        if self.0.bus == EventBus::Process {
            self.tell_all_unsure();
        }
    }

    fn tell(&self, deployment: Uuid, change: Change) {
        let watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // A failed send means that the last watcher is just leaving.
        let _ = watched.get(&deployment).map(|sender| sender.send(change));
    }

    fn tell_all_unsure(&self) {
        let watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in watched.values() {
            let _ = sender.send(Change::Unsure);
        }
    }

    fn leave(&self, deployment: Uuid) {
        let mut watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.get(&deployment).is_some_and(|sender| sender.receiver_count() == 0) {
            watched.remove(&deployment);
        }
    }

    /// Deployments that somebody watches.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// One subscriber's ear; stops listening when dropped.
pub struct Watch {
    events: Events,
    deployment: Uuid,
    receiver: Option<broadcast::Receiver<Change>>,
}

impl Watch {
    /// The next change; `None` when the process stops.
    pub async fn next(&mut self) -> Option<Change> {
        match self.receiver.as_mut()?.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Unsure),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // First the receiver, which counts.
        self.receiver = None;
        self.events.leave(self.deployment);
    }
}
