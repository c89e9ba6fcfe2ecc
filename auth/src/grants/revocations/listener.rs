//! The connection on which a replica hears of changes.
//!
//! PostgreSQL hands notifications to every listener in the order of commits. So a replica that
//! hears a beat of its own has heard of all that was committed before it sent that beat, and what
//! it remembers may be used for a while, counted from the sending.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::Shutdown;
use shared::db::DatabaseUrl;
use sqlx::postgres::{PgListener, PgNotification, PgPoolOptions};
use uuid::Uuid;

use super::settling::Note;
use super::{BEAT, Inner, LEASE};

/// Changes of users, announced by the database: a user's id each.
const CHANGES: &str = "auth_changes";
/// What replicas tell each other: a [`Note`] each.
pub(super) const REPLICAS: &str = "auth_replicas";
/// How long to wait before a lost connection is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// Listens until `shutdown`; a lost connection is opened again.
pub(super) async fn run(inner: Arc<Inner>, url: DatabaseUrl, shutdown: Shutdown) {
    // A beat that is lost in a crash is no loss, so nobody needs to wait for the disk.
    let options = url.options("auth listener").options([("synchronous_commit", "off")]);
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(LEASE * 3);
    let pool = pool.connect_lazy_with(options);
    let work = async {
        loop {
            let Err(error) = listen(&inner, &pool).await;
            inner.lapse();
            tracing::warn!(%error, "not listening for revocations: every token is looked up");
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! { () = work => {}, () = shutdown.cancelled() => {} }
    inner.lapse();
    pool.close().await;
}

/// One connection's life.
async fn listen(
    inner: &Inner,
    pool: &sqlx::PgPool,
) -> Result<std::convert::Infallible, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen_all([CHANGES, REPLICAS]).await?;
    // Whatever was announced before is missed.
    inner.forget();
    let mut ear = Ear { inner, beat: 0, sent: Instant::now(), replies: Vec::new() };
    loop {
        ear.beat += 1;
        ear.sent = Instant::now();
        let beat = Note::Beat { of: inner.id, number: ear.beat };
        ear.say(&mut listener, vec![beat.to_string()]).await?;
        let next = tokio::time::Instant::now() + BEAT;
        while let Ok(heard) = tokio::time::timeout_at(next, listener.try_recv()).await {
            ear.hear(&heard?.ok_or_else(lost)?);
            while let Some(more) = listener.next_buffered() {
                ear.hear(&more);
            }
            if !ear.replies.is_empty() {
                let replies = std::mem::take(&mut ear.replies);
                ear.say(&mut listener, replies).await?;
            }
        }
    }
}

struct Ear<'a> {
    inner: &'a Inner,
    /// Number of the last beat.
    beat: u64,
    /// When it was sent.
    sent: Instant,
    /// What is to be said in answer to what was heard.
    replies: Vec<String>,
}

impl Ear<'_> {
    /// What is heard meanwhile waits in the listener's buffer.
    async fn say(&self, listener: &mut PgListener, notes: Vec<String>) -> Result<(), sqlx::Error> {
        let say = sqlx::query!(
            "select pg_notify($1, note) from unnest($2::text[]) as note",
            REPLICAS,
            &notes
        );
        tokio::time::timeout(LEASE, say.execute(&mut *listener)).await.map_err(|_| lost())??;
        Ok(())
    }

    fn hear(&mut self, heard: &PgNotification) {
        if heard.channel() == CHANGES {
            match heard.payload().parse::<Uuid>() {
                Ok(user) => self.inner.changed(user),
                // Nobody knows who is meant.
                Err(_) => self.inner.forget(),
            }
            return;
        }
        let Some(note) = Note::parse(heard.payload()) else { return };
        match note {
            Note::Beat { of, number } if of == self.inner.id => {
                if number == self.beat {
                    self.inner.renew(self.sent);
                }
            }
            Note::Beat { of, .. } => self.inner.settling.heard_of(of),
            Note::Settle { of, .. } if of == self.inner.id => self.inner.settling.begun(note),
            Note::Settle { number, .. } => {
                let reply = Note::Heard { of: self.inner.id, number };
                self.replies.push(reply.to_string());
            }
            Note::Heard { of, number } => self.inner.settling.heard_by(of, number),
        }
    }
}

fn lost() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
}
