//! Finding deployments.

use async_graphql::{Context, InputObject, Object};

use super::{Deployment, DeploymentList, DeploymentStatus, StorageType};
use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::Node;
use crate::schema::page::{List, Wanted};
use crate::schema::site::query::require_site;

/// Which deployment.
#[derive(InputObject)]
pub struct DeploymentWhereInput {
    /// Its id.
    id: Id,
}

/// Query root of this file.
#[derive(Default)]
pub struct DeploymentQuery;

#[Object]
impl DeploymentQuery {
    /// The caller's deployments, newest first: of one site, or of all. `first` is at most 100.
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        site_id: Option<Id>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<Node<DeploymentList>, Error> {
        let owner = ctx.caller()?.user_id;
        let site = site_id.map(|id| id.0);
        let wanted = Wanted::read(ctx, List("deployments", site), first, after.as_deref())?;
        // Two texts, so that each has the plan of its own index.
        let rows = if let Some(site) = site {
            sqlx::query_as!(
                Deployment,
                r#"select id as "id: Id", site_id as "site_id: Id", cid,
                          status as "status: DeploymentStatus",
                          storage_type as "storage_type: StorageType", message, created_at,
                          updated_at
                   from app.deployments
                   where owner_id = $1 and site_id = $2 and (created_at, id) < ($3, $4)
                   order by created_at desc, id desc limit $5"#,
                owner,
                site,
                wanted.after.at,
                wanted.after.id,
                wanted.limit,
            )
            .fetch_all(ctx.db())
            .await?
        } else {
            sqlx::query_as!(
                Deployment,
                r#"select id as "id: Id", site_id as "site_id: Id", cid,
                          status as "status: DeploymentStatus",
                          storage_type as "storage_type: StorageType", message, created_at,
                          updated_at
                   from app.deployments
                   where owner_id = $1 and (created_at, id) < ($2, $3)
                   order by created_at desc, id desc limit $4"#,
                owner,
                wanted.after.at,
                wanted.after.id,
                wanted.limit,
            )
            .fetch_all(ctx.db())
            .await?
        };
        if let Some(site) = site.filter(|_| rows.is_empty() && wanted.is_start()) {
            require_site(ctx, site).await?;
        }
        Ok(Node(DeploymentList { page: wanted.page(ctx, rows)?, site }))
    }

    /// One of the caller's deployments.
    async fn deployment(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] filter: DeploymentWhereInput,
    ) -> Result<Option<Node<Deployment>>, Error> {
        let deployment = sqlx::query_as!(
            Deployment,
            r#"select id as "id: Id", site_id as "site_id: Id", cid,
                      status as "status: DeploymentStatus",
                      storage_type as "storage_type: StorageType", message, created_at, updated_at
               from app.deployments where id = $1 and owner_id = $2"#,
            filter.id.0,
            ctx.caller()?.user_id,
        );
        let deployment = deployment.fetch_optional(ctx.db()).await?;
        deployment.ok_or(Error::NotFound("deployment")).map(|deployment| Some(Node(deployment)))
    }
}
