//! Runs an executor's future and starts the gathered loads whenever it can get no further.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::{BoxFuture, poll_fn};
use futures_util::stream::{FuturesUnordered, Stream, StreamExt, poll_fn as stream_fn};
use futures_util::task::AtomicWaker;

use super::{Delivery, Loaders};

/// Rounds within one poll, after which other tasks get their turn.
const ROUNDS: usize = 64;

/// Notes that something within the task can go on, and passes it on to the task.
#[derive(Default)]
struct Alarm {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake();
    }
}

struct Driver {
    loaders: Arc<Loaders>,
    running: FuturesUnordered<BoxFuture<'static, Delivery>>,
    loaded: Vec<Delivery>,
    alarm: Arc<Alarm>,
    waker: Waker,
}

impl Driver {
    fn new(loaders: Arc<Loaders>) -> Self {
        let alarm = Arc::new(Alarm::default());
        let waker = Waker::from(Arc::clone(&alarm));
        Self { loaders, running: FuturesUnordered::new(), loaded: Vec::new(), alarm, waker }
    }

    /// Goes on as far as possible. Nobody keeps a connection while waiting.
    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        inner: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let output = self.go_on(cx, inner);
        self.loaders.parking.clear();
        output
    }

    fn go_on<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut inner: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.alarm.task.register(cx.waker());
        let mut within = Context::from_waker(&self.waker);
        for _ in 0..ROUNDS {
            self.alarm.rung.store(false, Ordering::Release);
            if let Poll::Ready(output) = inner(&mut within) {
                return Poll::Ready(output);
            }
            // Only when no resolver can go on are all keys of this level gathered.
            if !self.alarm.rung.load(Ordering::Acquire) {
                self.running.extend(self.loaders.take_ready());
            }
            while let Poll::Ready(Some(loaded)) = self.running.poll_next_unpin(&mut within) {
                self.loaded.push(loaded);
            }
            if self.running.is_empty() {
                self.loaded.drain(..).for_each(|deliver| deliver());
            }
            if !self.alarm.rung.load(Ordering::Acquire) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Runs `execution` to its end.
pub async fn drive<F: Future>(execution: F, loaders: Arc<Loaders>) -> F::Output {
    let mut driver = Driver::new(loaders);
    let mut execution = pin!(execution);
    poll_fn(move |cx| driver.poll(cx, |within| execution.as_mut().poll(within))).await
}

/// The same for a stream of results.
pub fn drive_stream<S>(
    mut results: Pin<Box<S>>,
    loaders: Arc<Loaders>,
) -> impl Stream<Item = S::Item> + Send
where
    S: Stream + Send + ?Sized,
{
    let mut driver = Driver::new(loaders);
    stream_fn(move |cx| driver.poll(cx, |within| results.as_mut().poll_next(within)))
}
