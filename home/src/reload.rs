//! `SIGHUP` reads the site's folder again: a new export goes live without a restart.

use std::sync::Arc;

use shared::Shutdown;
use tokio::signal::unix::{SignalKind, signal};

use crate::{Config, Current, load};

/// Listens for the signal until `stopping`. A site that cannot be read leaves the old one in place.
pub(crate) fn on_hangup(
    config: Arc<Config>,
    current: Current,
    stopping: Shutdown,
) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                received = hangup.recv() => if received.is_none() { break },
            }
            let config = Arc::clone(&config);
            match tokio::task::spawn_blocking(move || load(&config)).await {
                Ok(Ok(site)) => {
                    tracing::info!(paths = site.paths().count(), "site loaded again");
                    current.store(Arc::new(site));
                }
                Ok(Err(error)) => tracing::error!(%error, "the site stays as it was"),
                Err(error) => tracing::error!(%error, "the site stays as it was"),
            }
        }
    });
    Ok(())
}
