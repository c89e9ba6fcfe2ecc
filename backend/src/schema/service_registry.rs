//! What runs in a project besides its sites. Nothing does yet.
//!
//! The platform's command-line client asks for it once per project and shows what it finds, so the
//! types are all here and the list is empty.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;

/// What kind of service it is.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub enum ServiceType {
    /// A site.
    Site,
    /// A function.
    Function,
    /// A virtual machine or container.
    Vm,
    /// A database.
    Database,
}

/// A running copy of a service on a network of machines.
#[derive(SimpleObject)]
pub struct ServiceDeployment {
    /// Id.
    id: Id,
    /// How it is.
    status: String,
}

/// A variable of a service's environment.
#[derive(SimpleObject)]
pub struct ServiceEnvVar {
    /// Id.
    id: Id,
    /// Name.
    key: String,
    /// Value.
    value: String,
}

/// A port of a service.
#[derive(SimpleObject)]
pub struct ServicePort {
    /// Id.
    id: Id,
    /// The port inside.
    container_port: i32,
    /// The port outside.
    public_port: Option<i32>,
    /// Its protocol.
    protocol: String,
}

/// A service that uses another.
#[derive(SimpleObject)]
pub struct ServiceLink {
    /// Id.
    id: Id,
    /// The service that uses.
    source_service_id: Id,
    /// The service that is used.
    target_service_id: Id,
}

/// Something that runs in a project.
#[derive(SimpleObject)]
pub struct Service {
    /// Id.
    id: Id,
    /// What kind of service it is.
    #[graphql(name = "type")]
    kind: ServiceType,
    /// Name.
    name: String,
    /// Name in URLs.
    slug: String,
    /// The template it was made of.
    template_id: Option<Id>,
    /// The image it runs.
    docker_image: Option<String>,
    /// The port it listens on.
    container_port: Option<i32>,
    /// Where it runs on Akash.
    active_akash_deployment: Option<ServiceDeployment>,
    /// Where it runs on Phala.
    active_phala_deployment: Option<ServiceDeployment>,
    /// Its environment.
    env_vars: Vec<ServiceEnvVar>,
    /// Its ports.
    ports: Vec<ServicePort>,
    /// The services it uses.
    links_from: Vec<ServiceLink>,
    /// The services that use it.
    links_to: Vec<ServiceLink>,
}

/// Query root of this file.
#[derive(Default)]
pub struct ServiceRegistryQuery;

#[Object]
impl ServiceRegistryQuery {
    /// The services of a project. Always empty, for every project: this backend deploys no
    /// services yet. The field is here because clients ask for it with every list of projects.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn service_registry(
        &self,
        ctx: &Context<'_>,
        project_id: Option<Id>,
    ) -> Result<Vec<Service>, Error> {
        ctx.caller()?;
        let _ = project_id;
        Ok(Vec::new())
    }
}
