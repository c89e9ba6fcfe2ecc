//! The schema: roots joined from one file per resource.

pub mod context;
pub mod deployment;
pub mod domain;
pub mod id;
pub mod node;
pub mod owned;
pub mod page;
pub mod project;
pub mod service_registry;
pub mod session;
pub mod site;
pub mod token;
pub mod user;
pub mod version;

use async_graphql::{MergedObject, MergedSubscription, SchemaBuilder, ValidationMode};

use crate::Environment;

/// The executor with its types.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    user::UserQuery,
    token::TokenQuery,
    project::ProjectQuery,
    site::query::SiteQuery,
    deployment::query::DeploymentQuery,
    domain::query::DomainQuery,
    service_registry::ServiceRegistryQuery,
    version::VersionQuery,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    session::SessionMutation,
    token::mutation::TokenMutation,
    project::mutation::ProjectMutation,
    site::mutation::SiteMutation,
    deployment::mutation::DeploymentMutation,
    domain::mutation::DomainMutation,
);

/// Everything that can be watched.
#[derive(MergedSubscription, Default)]
pub struct Subscription(deployment::subscription::DeploymentSubscription);

/// Without validation: documents are validated once, before they are kept (`crate::operation`).
#[must_use]
pub fn build(environment: Environment) -> Schema {
    builder(environment).validation_mode(ValidationMode::Fast).finish()
}

/// With all rules. Nobody looks around in production: no introspection, no "did you mean".
pub(crate) fn builder(environment: Environment) -> SchemaBuilder<Query, Mutation, Subscription> {
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription::default());
    match environment {
        Environment::Development => builder,
        Environment::Production => builder.disable_introspection().disable_suggestions(),
    }
}

/// The schema in its definition language, as it is committed.
#[must_use]
pub fn sdl() -> String {
    builder(Environment::Development).finish().sdl()
}
