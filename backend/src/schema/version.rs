//! Which build answers.

use async_graphql::{Object, SimpleObject};
use shared::health::{COMMIT, VERSION};

/// The build that answers.
#[derive(SimpleObject)]
pub struct Version {
    /// Commit it was built from.
    commit_hash: &'static str,
    /// Version of the platform.
    version: &'static str,
}

/// Query root of this file.
#[derive(Default)]
pub struct VersionQuery;

#[Object]
impl VersionQuery {
    /// Which build answers.
    async fn version(&self) -> Version {
        Version { commit_hash: COMMIT, version: VERSION }
    }
}
