//! One statement per level of a query, whatever the number of rows.
//!
//! A resolver asks its [`Batch`] for one key and waits. When every resolver of the request waits
//! (the executor's future is pending and nothing has woken it), the keys that have gathered are
//! loaded together: no timer guesses how long a level takes, and a level is never split. What loads
//! run side by side is handed out together, so that what follows from them is one level, too. Loads
//! run within the request's own task, so a client that goes away ends them.

mod drive;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

pub use drive::{drive, drive_stream};

use crate::Error;
use crate::database::Parking;
use crate::schema::context::Scope;

/// Loads many rows by their keys in one statement.
pub trait Loader: Send + Sync + 'static {
    /// What a row, or a list of rows, is asked by: the parent's id and the arguments of the field.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What belongs to one key.
    type Value: Clone + Send + Sync + 'static;

    /// Makes one for a request; it takes the pool and the owner from there.
    fn new(scope: &Scope) -> Self;

    /// Loads what belongs to `keys`, each of them once; keys without a value are left out.
    fn load(
        &self,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Value>, Error>> + Send;
}

/// Sorts the rows of a statement over many keys: `nth` says for each row which key it is for,
/// counted from 1 as `with ordinality` does, and `row` makes the next row for that key.
pub fn lists<K: Copy + Eq + Hash, T>(
    keys: &[K],
    nth: &[i32],
    mut row: impl FnMut(&K) -> Option<T>,
) -> HashMap<K, Vec<T>> {
    let mut lists = HashMap::with_capacity(keys.len());
    for same in nth.chunk_by(|one, other| one == other) {
        let key = same.first().and_then(|nth| keys.get(usize::try_from(nth - 1).ok()?));
        let Some(key) = key else { continue };
        let mut list = Vec::with_capacity(same.len());
        list.extend(same.iter().map_while(|_| row(key)));
        lists.insert(*key, list);
    }
    lists
}

/// Hands out what was loaded.
type Delivery = Box<dyn FnOnce() + Send>;

/// The loaders of one request and the loads that wait to be run.
#[derive(Default)]
pub struct Loaders {
    made: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
    ready: Ready,
    /// A connection between two statements of the request.
    pub parking: Parking,
}

/// Loads that wait to be run.
type Ready = Arc<Mutex<Vec<BoxFuture<'static, Delivery>>>>;

impl Loaders {
    /// The loader `L`, made with `new` the first time.
    pub fn of<L: Loader>(&self, new: impl FnOnce() -> L) -> Arc<Batch<L>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = TypeId::of::<L>();
        let known = made.iter().find(|(other, _)| *other == kind);
        if let Some(Ok(batch)) = known.map(|(_, batch)| Arc::clone(batch).downcast::<Batch<L>>()) {
            return batch;
        }
        let ready = Arc::clone(&self.ready);
        let batch = Arc::new(Batch { loader: new(), waiting: Mutex::default(), ready });
        made.push((kind, Arc::clone(&batch) as Arc<dyn Any + Send + Sync>));
        batch
    }

    fn take_ready(&self) -> Vec<BoxFuture<'static, Delivery>> {
        std::mem::take(&mut *self.ready.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A resolver that waits for what belongs to its keys.
struct Waiting<L: Loader> {
    keys: Vec<L::Key>,
    answer: oneshot::Sender<Answer<L>>,
}

/// What a waiting resolver is told: what belongs to each of its keys.
type Answer<L> = Result<Vec<Option<<L as Loader>::Value>>, Error>;

/// Gathers keys for one loader.
pub struct Batch<L: Loader> {
    loader: L,
    waiting: Mutex<Vec<Waiting<L>>>,
    ready: Ready,
}

impl<L: Loader> Batch<L> {
    /// Waits for what belongs to `key`; `None` when nothing does.
    ///
    /// # Errors
    /// Whatever the statement failed with.
    pub async fn load_one(self: Arc<Self>, key: L::Key) -> Result<Option<L::Value>, Error> {
        Ok(self.load_many(vec![key]).await?.pop().flatten())
    }

    /// Waits for what belongs to each of `keys`; `None` where nothing does.
    ///
    /// # Errors
    /// Whatever the statement failed with.
    pub async fn load_many(
        self: Arc<Self>,
        keys: Vec<L::Key>,
    ) -> Result<Vec<Option<L::Value>>, Error> {
        let (answer, receiver) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.is_empty() {
                let load = Box::pin(Arc::clone(&self).load_waiting());
                self.ready.lock().unwrap_or_else(PoisonError::into_inner).push(load);
            }
            waiting.push(Waiting { keys, answer });
        }
        // Outside of tokio's budget for one poll (128 answers), or a level of more rows than that
        // would be split. Dropped unanswered only when the load panicked, which the request then
        // answers for.
        tokio::task::unconstrained(receiver).await.map_err(Error::internal)?
    }

    async fn load_waiting(self: Arc<Self>) -> Delivery {
        let waiting =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses = HashMap::new();
        for key in waiting.iter().flat_map(|waiting| &waiting.keys) {
            *uses.entry(key.clone()).or_insert(0) += 1;
        }
        let keys = uses.keys().cloned().collect::<Vec<_>>();
        let loaded = self.loader.load(&keys).await;
        Box::new(|| deliver::<L>(waiting, uses, loaded))
    }
}

/// `uses` says how many wait for a key: all but the last get a copy.
fn deliver<L: Loader>(
    waiting: Vec<Waiting<L>>,
    mut uses: HashMap<L::Key, usize>,
    mut loaded: Result<HashMap<L::Key, L::Value>, Error>,
) {
    for Waiting { keys, answer } in waiting {
        let values = match &mut loaded {
            Ok(values) => Ok(keys.iter().map(|key| hand_out(key, &mut uses, values)).collect()),
            Err(error) => Err(error.clone()),
        };
        // A resolver that no longer waits has been cut off by a failure beside it.
        let _ = answer.send(values);
    }
}

fn hand_out<K: Eq + Hash, V: Clone>(
    key: &K,
    uses: &mut HashMap<K, usize>,
    values: &mut HashMap<K, V>,
) -> Option<V> {
    let uses = uses.get_mut(key)?;
    *uses -= 1;
    if *uses == 0 { values.remove(key) } else { values.get(key).cloned() }
}
