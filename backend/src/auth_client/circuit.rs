//! Fails at once while auth is away, so that requests do not pile up waiting for it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that open it.
const TOLERATED: u32 = 3;
/// How long it stays open before one call may try again.
const PAUSE: Duration = Duration::from_secs(1);

/// Closed, open, or open with one call probing.
#[derive(Default)]
pub(super) struct Circuit(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    /// When the next probe may go; `None` while closed.
    probe_at: Option<Instant>,
}

impl Circuit {
    /// Whether a call may go. While open, one may each [`PAUSE`].
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.probe_at {
            None => true,
            Some(at) if at <= now => {
                state.probe_at = Some(now + PAUSE);
                true
            }
            Some(_) => false,
        }
    }

    /// Whether it is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).probe_at.is_none()
    }

    /// Auth answered; true when that closed it.
    pub(super) fn succeeded(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was_open = state.probe_at.is_some();
        *state = State::default();
        was_open
    }

    /// Auth did not answer; true when that opened it.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures < TOLERATED {
            return false;
        }
        state.probe_at.replace(now + PAUSE).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_three_failures_lets_one_probe_through_and_closes_on_success() {
        let (circuit, now) = (Circuit::default(), Instant::now());
        assert!(!circuit.failed(now) && !circuit.failed(now) && circuit.admits(now));
        assert!(circuit.failed(now));
        assert!(!circuit.admits(now));

        let later = now + PAUSE;
        assert!(circuit.admits(later));
        assert!(!circuit.admits(later), "only one probe");
        assert!(!circuit.failed(later), "it was open already");

        assert!(circuit.succeeded());
        assert!(circuit.admits(later) && circuit.is_closed());
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let (circuit, now) = (Circuit::default(), Instant::now());
        for _ in 0..5 {
            assert!(!circuit.failed(now) && !circuit.failed(now));
            assert!(!circuit.succeeded());
        }
    }
}
