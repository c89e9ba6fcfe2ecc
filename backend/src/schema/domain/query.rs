//! Finding domains.

use async_graphql::{Context, Object};

use super::{Domain, DomainList, VerificationStatus};
use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::Node;
use crate::schema::page::{List, Wanted};
use crate::schema::site::query::require_site;

/// Query root of this file.
#[derive(Default)]
pub struct DomainQuery;

#[Object]
impl DomainQuery {
    /// The caller's domains, newest first: of one site, or of all. `first` is at most 100.
    async fn domains(
        &self,
        ctx: &Context<'_>,
        site_id: Option<Id>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<Node<DomainList>, Error> {
        let owner = ctx.caller()?.user_id;
        let site = site_id.map(|id| id.0);
        let wanted = Wanted::read(ctx, List("domains", site), first, after.as_deref())?;
        // Two texts, so that each has the plan of its own index.
        let rows = if let Some(site) = site {
            sqlx::query_as!(
                Domain,
                r#"select id as "id: Id", site_id as "site_id: Id", hostname,
                          verification_status as "verification_status: VerificationStatus", is_primary,
                          verification_token, verified_at, last_checked_at, created_at, updated_at
                   from app.domains
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
                Domain,
                r#"select id as "id: Id", site_id as "site_id: Id", hostname,
                          verification_status as "verification_status: VerificationStatus", is_primary,
                          verification_token, verified_at, last_checked_at, created_at, updated_at
                   from app.domains
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
        Ok(Node(DomainList { page: wanted.page(ctx, rows)?, site }))
    }

    /// One of the caller's domains.
    async fn domain(&self, ctx: &Context<'_>, id: Id) -> Result<Option<Node<Domain>>, Error> {
        find(ctx, id).await.map(|domain| Some(Node(domain)))
    }
}

/// One of the caller's domains.
pub(super) async fn find(ctx: &Context<'_>, id: Id) -> Result<Domain, Error> {
    let domain = sqlx::query_as!(
        Domain,
        r#"select id as "id: Id", site_id as "site_id: Id", hostname,
                  verification_status as "verification_status: VerificationStatus", is_primary,
                  verification_token, verified_at, last_checked_at, created_at, updated_at
           from app.domains where id = $1 and owner_id = $2"#,
        id.0,
        ctx.caller()?.user_id,
    );
    domain.fetch_optional(ctx.db()).await?.ok_or(Error::NotFound("domain"))
}
