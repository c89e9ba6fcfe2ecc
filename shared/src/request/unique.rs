//! Ids of requests: UUIDv7. They must not repeat, and nobody has to be unable to guess them, so the
//! system is asked for random bytes once for many: a call for each costs more than all else here.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};
use uuid::{Builder, Uuid};

/// Random bytes of one id.
const BYTES: usize = 10;
/// Ids for which bytes are fetched at once.
const IDS: usize = 64;

struct Reservoir {
    bytes: [u8; BYTES * IDS],
    used: usize,
}

thread_local! {
    static RESERVOIR: RefCell<Reservoir> =
        const { RefCell::new(Reservoir { bytes: [0; BYTES * IDS], used: IDS }) };
}

/// A new id.
pub(super) fn id() -> Uuid {
    RESERVOIR.with_borrow_mut(|reservoir| {
        if reservoir.used == IDS {
            if SystemRandom::new().fill(&mut reservoir.bytes).is_err() {
                // As if there were no reservoir.
                return Uuid::now_v7();
            }
            reservoir.used = 0;
        }
        let mut random = [0; BYTES];
        random.copy_from_slice(&reservoir.bytes[reservoir.used * BYTES..][..BYTES]);
        reservoir.used += 1;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_of_version_7_and_never_repeat() {
        let make = || (0..1000).map(|_| id()).collect::<Vec<_>>();
        let threads = (0..4).map(|_| std::thread::spawn(make)).collect::<Vec<_>>();
        let ids = threads.into_iter().flat_map(|thread| thread.join().unwrap());
        let ids = ids.collect::<HashSet<_>>();
        assert_eq!(ids.len(), 4000);
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }
}
