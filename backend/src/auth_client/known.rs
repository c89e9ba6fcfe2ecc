//! What auth said of a token: kept for a few seconds, asked once by all who ask at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use quick_cache::sync::Cache;

use crate::caller::Caller;
use crate::error::Error;

/// Tokens remembered at a time.
const MOST: usize = 10_000;

type Answer = Result<Arc<Caller>, Error>;
type Asked = Shared<BoxFuture<'static, Answer>>;

pub(super) struct Known {
    life: Duration,
    answers: Arc<Cache<Arc<str>, (Answer, Instant)>>,
    asking: Arc<Mutex<HashMap<Arc<str>, Asked>>>,
}

impl Known {
    pub(super) fn new(life: Duration) -> Self {
        Self { life, answers: Arc::new(Cache::new(MOST)), asking: Arc::default() }
    }

    /// What auth said lately.
    pub(super) fn get(&self, token: &str) -> Option<Answer> {
        let (answer, until) = self.answers.get(token)?;
        (Instant::now() < until).then_some(answer)
    }

    /// Asks with `ask`, or waits for one who is asking. The call runs in a task of its own: a
    /// client that goes away takes no other's answer along.
    pub(super) fn join<F>(&self, token: Arc<str>, ask: impl FnOnce() -> F) -> Asked
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = asking.get(&token) {
            return asked.clone();
        }
        // Counted from before the call: what auth says is at least as new.
        let until = Instant::now() + self.life;
        let (answers, others) = (Arc::clone(&self.answers), Arc::clone(&self.asking));
        let (key, call) = (Arc::clone(&token), ask());
        let task = tokio::spawn(async move {
            let answer = call.await;
            if matches!(answer, Ok(_) | Err(Error::Unauthenticated)) {
                answers.insert(Arc::clone(&key), (answer.clone(), until));
            }
            others.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
            answer
        });
        let asked = async move { task.await.unwrap_or_else(|error| Err(Error::internal(error))) };
        let asked = asked.boxed().shared();
        asking.insert(token, asked.clone());
        asked
    }
}
