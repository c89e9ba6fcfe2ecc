//! How long a stream may last: as long as its token is good and the process is not stopping.

use std::sync::Arc;
use std::time::Duration;

use shared::request::RequestInfo;

use crate::caller::Caller;
use crate::error::Error;
use crate::state::State;

/// How often a running stream asks whether its token still lives. With the life of a cached answer
/// that is how late a revocation is felt.
const CHECK: Duration = Duration::from_secs(2);

/// Why a stream ends before its source does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The token ran out or was revoked.
    TokenDied,
    /// The process is told to stop.
    Stopping,
}

/// Waits for the end. Auth being away ends nothing: the token was good when it was last heard of.
pub(super) async fn end(state: State, token: Option<Arc<str>>, request: RequestInfo) -> End {
    let watch = async {
        let Some(token) = token else { return std::future::pending().await };
        loop {
            tokio::time::sleep(CHECK).await;
            let caller: Result<Arc<Caller>, Error> = state.auth.caller(&token, &request).await;
            if matches!(caller, Err(Error::Unauthenticated)) {
                return End::TokenDied;
            }
        }
    };
    tokio::select! {
        end = watch => end,
        () = state.shutdown.cancelled() => End::Stopping,
    }
}
