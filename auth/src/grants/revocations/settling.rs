//! Waiting until every replica has heard of a revocation.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sqlx::PgPool;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::LEASE;
use super::listener::REPLICAS;

/// What replicas tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// The replica `of` remembers tokens, and has heard everything up to here.
    Beat { of: Uuid, number: u64 },
    /// The replica `of` has revoked something, and waits until everybody has heard this.
    Settle { of: Uuid, number: u128 },
    /// The replica `of` has heard that.
    Heard { of: Uuid, number: u128 },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beat { of, number } => write!(f, "beat {of} {number}"),
            Self::Settle { of, number } => write!(f, "settle {of} {number}"),
            Self::Heard { of, number } => write!(f, "heard {of} {number}"),
        }
    }
}

impl Note {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (kind, of, number) = (words.next()?, words.next()?, words.next()?);
        let of = of.parse().ok()?;
        match kind {
            "beat" => Some(Self::Beat { of, number: number.parse().ok()? }),
            "settle" => Some(Self::Settle { of, number: number.parse().ok()? }),
            "heard" => Some(Self::Heard { of, number: number.parse().ok()? }),
            _ => None,
        }
    }
}

/// Who waits for whom.
#[derive(Default)]
pub(super) struct Settling(Mutex<State>);

#[derive(Default)]
struct State {
    /// Other replicas, and when each was last heard of.
    replicas: HashMap<Uuid, Instant>,
    waiting: HashMap<u128, Wait>,
}

struct Wait {
    /// Who has yet to hear; `None` until we have heard it ourselves.
    missing: Option<HashSet<Uuid>>,
    done: Option<oneshot::Sender<()>>,
}

impl Wait {
    fn finish_if_complete(&mut self) {
        if self.missing.as_ref().is_some_and(HashSet::is_empty)
            && let Some(done) = self.done.take()
        {
            let _ = done.send(());
        }
    }
}

/// Removes a wait, also when its request is given up.
struct Entry<'a> {
    settling: &'a Settling,
    number: u128,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.settling.lock().waiting.remove(&self.number);
    }
}

impl Settling {
    /// Returns when every replica has heard what is committed now, or after [`LEASE`]: by then one
    /// that has not heard cannot be using what it remembers.
    pub(super) async fn settle(&self, db: &PgPool, id: Uuid) {
        let deadline = tokio::time::Instant::now() + LEASE;
        let number = Uuid::now_v7().as_u128();
        let (done, wait) = oneshot::channel();
        self.lock().waiting.insert(number, Wait { missing: None, done: Some(done) });
        let _entry = Entry { settling: self, number };
        let settled = async {
            let note = Note::Settle { of: id, number }.to_string();
            let said = sqlx::query!("select pg_notify($1, $2)", REPLICAS, note).execute(db).await;
            match said {
                Ok(_) if wait.await.is_ok() => {}
                _ => std::future::pending().await,
            }
        };
        // The database may have gone away since: then time alone settles it.
        if tokio::time::timeout_at(deadline, settled).await.is_err() {
            tracing::warn!(
                "a replica did not answer: waited until it cannot use what it remembers"
            );
        }
    }

    /// Another replica is there.
    pub(super) fn heard_of(&self, replica: Uuid) {
        let mut state = self.lock();
        state.replicas.insert(replica, Instant::now());
        state.replicas.retain(|_, heard| heard.elapsed() < LEASE * 2);
    }

    /// Our own note came back: everything that was committed before it is heard of, here. Others
    /// are waited for if they may be using what they remember.
    pub(super) fn begun(&self, note: Note) {
        let Note::Settle { number, .. } = note else { return };
        let mut state = self.lock();
        // Those whose last beat is older have no lease left, by their own clock: they count from
        // when they sent it, which was before we heard it.
        let alive = state.replicas.iter().filter(|(_, heard)| heard.elapsed() <= LEASE);
        let missing = alive.map(|(replica, _)| *replica).collect();
        if let Some(wait) = state.waiting.get_mut(&number) {
            wait.missing = Some(missing);
            wait.finish_if_complete();
        }
    }

    /// Another replica has heard a note of ours, or of somebody else's.
    pub(super) fn heard_by(&self, replica: Uuid, number: u128) {
        let mut state = self.lock();
        if let Some(wait) = state.waiting.get_mut(&number) {
            if let Some(missing) = &mut wait.missing {
                missing.remove(&replica);
            }
            wait.finish_if_complete();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_back() {
        let of = Uuid::now_v7();
        for note in [
            Note::Beat { of, number: 7 },
            Note::Settle { of, number: u128::MAX },
            Note::Heard { of, number: 0 },
        ] {
            assert_eq!(Note::parse(&note.to_string()), Some(note));
        }
        for bad in
            ["", "beat", "beat x 1", "settle 7", &format!("beat {of} -1"), &format!("x {of} 1")]
        {
            assert_eq!(Note::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_wait_is_over_when_all_who_were_there_have_heard() {
        let settling = Settling::default();
        let [a, b, us] = [(); 3].map(|()| Uuid::now_v7());
        let (done, mut wait) = oneshot::channel();
        settling.lock().waiting.insert(1, Wait { missing: None, done: Some(done) });
        settling.heard_of(a);
        settling.heard_of(b);
        // One may answer before our own note has come back: order is kept, so it has not.
        settling.begun(Note::Settle { of: us, number: 1 });
        settling.heard_by(a, 1);
        assert!(wait.try_recv().is_err());
        settling.heard_by(b, 2);
        assert!(wait.try_recv().is_err());
        settling.heard_by(b, 1);
        assert!(wait.try_recv().is_ok());
    }

    #[test]
    fn a_replica_alone_waits_for_nobody() {
        let settling = Settling::default();
        let (done, mut wait) = oneshot::channel();
        settling.lock().waiting.insert(1, Wait { missing: None, done: Some(done) });
        settling.begun(Note::Settle { of: Uuid::now_v7(), number: 1 });
        assert!(wait.try_recv().is_ok());
    }
}
