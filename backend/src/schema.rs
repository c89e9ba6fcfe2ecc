//! The schema: roots joined from one file per resource.

pub mod context;
pub mod version;

use async_graphql::{EmptyMutation, EmptySubscription, MergedObject};

use crate::{Config, Environment};

/// The executor with its types.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(version::VersionQuery);

/// Builds it as the settings want it.
#[must_use]
pub fn build(config: &Config) -> Schema {
    let builder = Schema::build(Query::default(), EmptyMutation, EmptySubscription);
    match config.environment {
        Environment::Development => builder.finish(),
        Environment::Production => builder.disable_introspection().disable_suggestions().finish(),
    }
}

/// The schema in its definition language, as it is committed.
#[must_use]
pub fn sdl() -> String {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription).finish().sdl()
}
