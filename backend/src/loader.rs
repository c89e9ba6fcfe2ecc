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

    /// Loads what belongs to each of `keys`, in their order; no key is there twice.
    fn load(&self, keys: &[Self::Key]) -> impl Future<Output = Result<Found<Self>, Error>> + Send;
}

/// What belongs to each key; `None` where nothing does.
pub type Found<L> = Vec<Option<<L as Loader>::Value>>;

/// Sorts rows by the one key that each has.
pub fn by_key<K: Copy + Eq + Hash, T>(
    keys: &[K],
    rows: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Vec<Option<T>> {
    let mut rows = rows.into_iter().map(|row| (key(&row), row)).collect::<HashMap<_, _>>();
    keys.iter().map(|key| rows.remove(key)).collect()
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
type Answer<L> = Result<Found<L>, Error>;

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
        let keys = waiting.iter().map(|waiting| waiting.keys.as_slice()).collect::<Vec<_>>();
        let gathered = Gathered::of(&keys);
        let loaded = self.loader.load(&gathered.keys).await;
        Box::new(|| deliver::<L>(waiting, gathered, loaded))
    }
}

/// The keys of all who wait.
struct Gathered<K> {
    /// Each of them once.
    keys: Vec<K>,
    /// For each key that is waited for, its place among those.
    places: Vec<usize>,
    /// How many wait for each.
    uses: Vec<usize>,
}

impl<K: Clone + Eq + Hash> Gathered<K> {
    fn of(asked: &[&[K]]) -> Self {
        let most = asked.iter().map(|keys| keys.len()).sum();
        let mut gathered = Self {
            keys: Vec::with_capacity(most),
            places: Vec::with_capacity(most),
            uses: Vec::with_capacity(most),
        };
        let mut known = HashMap::with_capacity(most);
        for key in asked.iter().copied().flatten() {
            let place = *known.entry(key).or_insert(gathered.keys.len());
            if place == gathered.keys.len() {
                gathered.keys.push(key.clone());
                gathered.uses.push(0);
            }
            gathered.uses[place] += 1;
            gathered.places.push(place);
        }
        gathered
    }
}

/// All who wait for one key but the last get a copy.
fn deliver<L: Loader>(
    waiting: Vec<Waiting<L>>,
    gathered: Gathered<L::Key>,
    mut loaded: Result<Found<L>, Error>,
) {
    let Gathered { places, mut uses, .. } = gathered;
    let mut places = places.into_iter();
    for Waiting { keys, answer } in waiting {
        let places = places.by_ref().take(keys.len());
        let values = match &mut loaded {
            Ok(found) => Ok(places.map(|place| hand_out(place, &mut uses, found)).collect()),
            Err(error) => {
                places.for_each(drop);
                Err(error.clone())
            }
        };
        // A resolver that no longer waits has been cut off by a failure beside it.
        let _ = answer.send(values);
    }
}

fn hand_out<V: Clone>(place: usize, uses: &mut [usize], found: &mut [Option<V>]) -> Option<V> {
    let (uses, value) = uses.get_mut(place).zip(found.get_mut(place))?;
    *uses -= 1;
    if *uses == 0 { value.take() } else { value.clone() }
}
