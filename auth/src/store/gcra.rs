//! The generic cell rate algorithm: one number per key, the time at which the quota is whole again.
//! No window has an edge, so none lets a double burst through. `gcra.lua` is the same in Redis.

use std::time::Duration;

use shared::rate::Rate;

/// One permit in this many may be taken ahead of use (see [`Quota::take`]).
pub(super) const LEASE_SHARE: u64 = 256;

/// So many permits at once, each of which comes back after an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Permits of a whole quota.
    pub count: u32,
    /// Microseconds until a used permit is back.
    interval: u64,
}

/// What a caller got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Permits taken; 0 when there was none, which costs nothing.
    pub taken: u32,
    /// Permits left.
    pub left: u32,
    /// Until the quota is whole again.
    pub reset: Duration,
    /// Until one more permit is there; zero when there is one.
    pub retry: Duration,
}

impl Quota {
    /// `rate.count` permits, spread evenly over `rate.window`.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let window = u64::try_from(rate.window.as_micros()).unwrap_or(u64::MAX);
        let count = rate.count.max(1);
        Self { count, interval: (window / u64::from(count)).max(1) }
    }

    /// Half of it, rounded up, at half the pace: what one of two replicas may give out when they
    /// cannot count together.
    #[must_use]
    pub fn half(self) -> Self {
        Self { count: self.count.div_ceil(2), interval: self.interval.saturating_mul(2) }
    }

    /// Until a quota that was used up is whole.
    #[must_use]
    pub fn window(self) -> Duration {
        Duration::from_micros(self.interval.saturating_mul(u64::from(self.count)))
    }

    /// Microseconds until a used permit is back.
    #[must_use]
    pub fn interval(self) -> u64 {
        self.interval
    }

    /// Takes one permit, or as many of `want` as are one [`LEASE_SHARE`]th of what is left.
    /// `whole_at` and `now` are microseconds of one clock; the result has the new `whole_at`.
    pub(super) fn take(self, whole_at: u64, now: u64, want: u32) -> (Grant, u64) {
        let whole_at = whole_at.max(now);
        let window = self.interval.saturating_mul(u64::from(self.count));
        let free = (now.saturating_add(window)).saturating_sub(whole_at) / self.interval;
        let taken = u64::from(want).min(free / LEASE_SHARE).max(1).min(free);
        let whole_at = whole_at + taken * self.interval;
        (self.grant(taken, free - taken, whole_at - now), whole_at)
    }

    /// The grant for these numbers, as the script in Redis answers them.
    pub(super) fn grant(self, taken: u64, left: u64, reset: u64) -> Grant {
        let window = self.interval.saturating_mul(u64::from(self.count));
        let retry = if left > 0 { 0 } else { (reset + self.interval).saturating_sub(window) };
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Grant {
            taken: small(taken),
            left: small(left),
            reset: Duration::from_micros(reset),
            retry: Duration::from_micros(retry),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000;

    fn quota(rate: &str) -> Quota {
        Quota::new(rate.parse().unwrap())
    }

    #[test]
    fn a_burst_is_the_whole_quota_and_then_permits_come_back_one_by_one() {
        let strict = quota("5/15m");
        let mut whole_at = 0;
        let mut take = |now: u64| {
            let (grant, next) = strict.take(whole_at, now, 1);
            whole_at = next;
            grant
        };

        for left in (0..5).rev() {
            let grant = take(1_000 * SECOND);
            assert_eq!((grant.taken, grant.left), (1, left));
        }
        let refused = take(1_000 * SECOND);
        assert_eq!((refused.taken, refused.retry), (0, Duration::from_mins(3)));
        // Asking on and on does not put the next permit off.
        let later = take(1_100 * SECOND);
        assert_eq!((later.taken, later.retry), (0, Duration::from_secs(80)));
        assert_eq!(take(1_180 * SECOND).taken, 1);
        assert_eq!(take(1_180 * SECOND).taken, 0);
    }

    #[test]
    fn permits_are_taken_ahead_only_far_from_the_limit() {
        assert_eq!(quota("200/1m").take(0, SECOND, 512).0.taken, 1);
        assert_eq!(quota("100000/1m").take(0, SECOND, 512).0.taken, 390);
        assert_eq!(quota("100000000/1m").take(0, SECOND, 512).0.taken, 512);
    }

    proptest! {
        #[test]
        fn no_order_of_calls_gets_more_than_the_quota_and_what_came_back(
            calls in proptest::collection::vec((0u64..40_000_000, 1u32..600), 1..300),
            count in 1u32..5_000,
        ) {
            let quota = Quota::new(Rate { count, window: Duration::from_mins(1) });
            let (mut now, mut whole_at, mut sum) = (SECOND, 0, 0u64);
            for (pause, want) in calls {
                now += pause / 100;
                let (grant, next) = quota.take(whole_at, now, want);
                whole_at = next;
                sum += u64::from(grant.taken);
            }
            prop_assert!(sum <= u64::from(count) + (now - SECOND) / quota.interval());
        }
    }
}
