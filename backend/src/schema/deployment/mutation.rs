//! Making deployments and moving them on.

use async_graphql::{Context, InputObject, Object};
use uuid::Uuid;

use super::{Deployment, DeploymentStatus, StorageType};
use crate::content_id::ContentId;
use crate::events::Change;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::Node;
use crate::{Error, constraint, name};

/// A new deployment of content that is on IPFS already.
#[derive(InputObject)]
pub struct DeploymentDataInput {
    /// The site.
    site_id: Id,
    /// The content: a CID of any version and base.
    cid: String,
}

/// Mutation root of this file.
#[derive(Default)]
pub struct DeploymentMutation;

#[Object]
impl DeploymentMutation {
    /// Deploys content that is on IPFS already. The CID is kept as version 1 in base32.
    async fn create_custom_ipfs_deployment(
        &self,
        ctx: &Context<'_>,
        data: DeploymentDataInput,
    ) -> Result<Node<Deployment>, Error> {
        let owner = ctx.caller()?.user_id;
        let cid = data.cid.parse::<ContentId>();
        let cid = cid.map_err(|error| Error::bad_input("cid", error.to_string()))?;
        let made = sqlx::query_as!(
            Deployment,
            r#"insert into app.deployments (id, owner_id, site_id, cid, status, storage_type)
               values ($1, $2, $3, $4, 'PENDING', 'IPFS')
               returning id as "id: Id", site_id as "site_id: Id", cid,
                         status as "status: DeploymentStatus",
                         storage_type as "storage_type: StorageType", message, created_at,
                         updated_at"#,
            Uuid::now_v7(),
            owner,
            data.site_id.0,
            cid.as_str(),
        );
        made.fetch_one(ctx.db()).await.map(Node).map_err(|error| match constraint(&error) {
            // The key spans the owner: another owner's site is as good as none.
            Some("deployments_site_id_fkey") => Error::NotFound("site"),
            _ => error.into(),
        })
    }

    /// Moves a deployment on, forward only; `message` is at most 2000 characters.
    async fn update_deployment_status(
        &self,
        ctx: &Context<'_>,
        id: Id,
        status: DeploymentStatus,
        message: Option<String>,
    ) -> Result<Node<Deployment>, Error> {
        let owner = ctx.caller()?.user_id;
        let message = message.map(|text| name::text("message", &text)).transpose()?;
        let from = status.predecessors().iter().map(|from| from.name().to_owned());
        // The statement itself decides, so of two steps at once one is legal. The clock is read
        // after the row is locked: two steps never have their times the wrong way round.
        let moved = sqlx::query_as!(
            Deployment,
            r#"update app.deployments set status = $3, message = $4, updated_at = clock_timestamp()
               where id = $1 and owner_id = $2 and status = any($5)
               returning id as "id: Id", site_id as "site_id: Id", cid,
                         status as "status: DeploymentStatus",
                         storage_type as "storage_type: StorageType", message, created_at,
                         updated_at"#,
            id.0,
            owner,
            status.name(),
            message,
            &from.collect::<Vec<_>>(),
        );
        let Some(moved) = moved.fetch_optional(ctx.db()).await? else {
            return Err(why_not(ctx, id, status).await?);
        };
        let Deployment { message, updated_at, .. } = &moved;
        let change = Change::Status { status, message: message.clone(), at: *updated_at };
        ctx.scope().state.events.changed(id.0, change);
        Ok(Node(moved))
    }
}

/// What to tell a caller whose step was refused.
async fn why_not(ctx: &Context<'_>, id: Id, wanted: DeploymentStatus) -> Result<Error, Error> {
    let now = sqlx::query_scalar!(
        "select status from app.deployments where id = $1 and owner_id = $2",
        id.0,
        ctx.caller()?.user_id,
    );
    let Some(now) = now.fetch_optional(ctx.db()).await? else {
        return Ok(Error::NotFound("deployment"));
    };
    Ok(Error::Conflict(format!("a deployment cannot go from {now} to {}", wanted.name()).into()))
}
