//! Tokens with which services of ours say who calls. A service sends one for minutes, so the last
//! ones that held are remembered: by their hash, until they end.

use std::sync::Arc;

use quick_cache::sync::Cache;
use ring::digest::{SHA256, digest};
use shared::jwt::Keys;
use time::OffsetDateTime;

/// Tokens that are remembered: a few for each replica of a service.
const MOST: usize = 256;

pub(super) struct ServiceTokens {
    keys: Arc<Keys>,
    /// SHA-256 of tokens that held, with the second at which they end.
    held: Cache<[u8; 32], i64>,
}

impl ServiceTokens {
    pub(super) fn new(keys: Arc<Keys>) -> Self {
        Self { keys, held: Cache::new(MOST) }
    }

    /// Whether `token` is a service's of ours, at `now`.
    pub(super) fn hold(&self, token: &str, now: OffsetDateTime) -> bool {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        if self.held.get(&key).is_some_and(|end| now.unix_timestamp() < end) {
            return true;
        }
        match self.keys.verify_service(token, now) {
            Ok(claims) => {
                self.held.insert(key, claims.exp);
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::jwt::{SERVICE_LIFE, Secret};
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_token_that_is_remembered_still_ends() {
        let secret = "tests-only-0123456789abcdef0123456789abcdef".parse::<Secret>().unwrap();
        let keys = Arc::new(Keys::new(&secret, None));
        let now = datetime!(2026-11-24 12:00 UTC);
        let token = keys.sign_service("alternatefutures-backend", now).unwrap();
        let services = ServiceTokens::new(keys);
        assert!(services.hold(&token, now));
        assert!(services.hold(&token, now + SERVICE_LIFE - Duration::seconds(1)));
        assert!(!services.hold(&token, now + SERVICE_LIFE + shared::jwt::LEEWAY));
        assert!(!services.hold(&token[1..], now));
    }
}
