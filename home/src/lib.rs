//! The marketing site and console of Alternate Futures, and the static server that serves them
//! or any other static export.

pub mod conditional;
pub mod csp;
pub mod headers;
pub mod lookup;
pub mod negotiate;
pub mod range;
pub mod respond;
pub mod rules;
pub mod site;

mod config;
mod error;
mod reload;
mod service;

use std::sync::Arc;

use arc_swap::ArcSwap;
use shared::Shutdown;
use tokio::net::TcpListener;

pub use config::{Config, Environment};
pub use error::Error;
pub use service::Service;
use site::{Settings, Site};

/// Name of this service in logs, in `/health` and on its command line.
pub const SERVICE: &str = "home";

/// The site being served, which a reload replaces as a whole.
pub type Current = Arc<ArcSwap<Site>>;

/// Loads the site that the settings name.
pub fn load(config: &Config) -> Result<Site, Error> {
    if let Some(folder) = &config.site_dir {
        return Site::from_directory(folder, &config.origins);
    }
    let settings = Settings {
        burner_wallet: config.environment == Environment::Development,
        now: config.clock.now(),
    };
    Site::built_in(&config.origins, &settings)
}

/// Serves until `shutdown` resolves, then lets running requests finish.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let config = Arc::new(config);
    let site = {
        let config = Arc::clone(&config);
        let loaded = tokio::task::spawn_blocking(move || load(&config)).await;
        loaded.map_err(|_| Error::Io(std::io::Error::other("loading the site was cut short")))??
    };
    tracing::info!(paths = site.paths().count(), "site loaded");
    let current: Current = Arc::new(ArcSwap::from_pointee(site));
    let stopping = Shutdown::new();
    let guard = stopping.clone().drop_guard();
    if config.site_dir.is_some() {
        reload::on_hangup(Arc::clone(&config), Arc::clone(&current), stopping.clone())?;
    }
    let token = stopping.clone();
    tokio::spawn(async move {
        shutdown.await;
        token.cancel();
    });
    let service = Service::new(&config, current, stopping.clone());
    shared::serve::serve_with(listener, |peer| service.for_peer(peer), stopping).await;
    drop(guard);
    Ok(())
}
