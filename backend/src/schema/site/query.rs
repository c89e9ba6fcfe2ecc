//! Finding sites.

use async_graphql::{Context, InputObject, Object};
use uuid::Uuid;

use super::{Site, SiteList};
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::Node;
use crate::schema::page::{List, Wanted};
use crate::{Error, slug};

/// Which site.
#[derive(InputObject)]
pub struct SiteWhereInput {
    /// Its id.
    pub id: Id,
}

/// Which site, by its name in URLs.
#[derive(InputObject)]
pub struct SiteBySlugWhereInput {
    /// Its slug.
    slug: String,
}

/// Which sites.
#[derive(InputObject)]
pub struct SitesWhereInput {
    /// Those of this project.
    project_id: Option<Id>,
}

/// Query root of this file.
#[derive(Default)]
pub struct SiteQuery;

#[Object]
impl SiteQuery {
    /// The caller's sites, newest first: of one project when `where` or the header `X-Project-Id`
    /// names it, else of all. `first` is at most 100.
    async fn sites(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] filter: Option<SitesWhereInput>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<Node<SiteList>, Error> {
        let owner = ctx.caller()?.user_id;
        let named = filter.and_then(|filter| filter.project_id).map(|id| id.0);
        let project = named.or_else(|| ctx.project());
        let wanted = Wanted::read(ctx, List("sites", project), first, after.as_deref())?;
        // Two texts, so that each has the plan of its own index.
        let rows = if let Some(project) = project {
            sqlx::query_as!(
                Site,
                r#"select id as "id: Id", project_id as "project_id: Id", name, slug, created_at,
                          updated_at
                   from app.sites
                   where owner_id = $1 and project_id = $2 and (created_at, id) < ($3, $4)
                   order by created_at desc, id desc limit $5"#,
                owner,
                project,
                wanted.after.at,
                wanted.after.id,
                wanted.limit,
            )
            .fetch_all(ctx.db())
            .await?
        } else {
            sqlx::query_as!(
                Site,
                r#"select id as "id: Id", project_id as "project_id: Id", name, slug, created_at,
                          updated_at
                   from app.sites
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
        if let Some(project) = project.filter(|_| rows.is_empty() && wanted.is_start()) {
            require_project(ctx, project).await?;
        }
        Ok(Node(SiteList { page: wanted.page(ctx, rows)?, project }))
    }

    /// One of the caller's sites.
    async fn site(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] filter: SiteWhereInput,
    ) -> Result<Option<Node<Site>>, Error> {
        let site = sqlx::query_as!(
            Site,
            r#"select id as "id: Id", project_id as "project_id: Id", name, slug, created_at,
                      updated_at
               from app.sites where id = $1 and owner_id = $2"#,
            filter.id.0,
            ctx.caller()?.user_id,
        );
        let site = site.fetch_optional(ctx.db()).await?;
        site.ok_or(Error::NotFound("site")).map(|site| Some(Node(site)))
    }

    /// One of the caller's sites, by its name in URLs.
    async fn site_by_slug(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] filter: SiteBySlugWhereInput,
    ) -> Result<Option<Node<Site>>, Error> {
        let owner = ctx.caller()?.user_id;
        if !slug::is_slug(&filter.slug) {
            return Err(Error::NotFound("site"));
        }
        let site = sqlx::query_as!(
            Site,
            r#"select id as "id: Id", project_id as "project_id: Id", name, slug, created_at,
                      updated_at
               from app.sites where owner_id = $1 and slug = $2"#,
            owner,
            filter.slug,
        );
        let site = site.fetch_optional(ctx.db()).await?;
        site.ok_or(Error::NotFound("site")).map(|site| Some(Node(site)))
    }
}

/// An empty list of a project that is not the caller's must not look like an empty project.
async fn require_project(ctx: &Context<'_>, project: Uuid) -> Result<(), Error> {
    let known = sqlx::query_scalar!(
        r#"select exists (select from app.projects where id = $1 and owner_id = $2) as "known!""#,
        project,
        ctx.caller()?.user_id,
    );
    known.fetch_one(ctx.db()).await?.then_some(()).ok_or(Error::NotFound("project"))
}

/// The same for the deployments and domains of a site.
pub(in crate::schema) async fn require_site(ctx: &Context<'_>, site: Uuid) -> Result<(), Error> {
    let known = sqlx::query_scalar!(
        r#"select exists (select from app.sites where id = $1 and owner_id = $2) as "known!""#,
        site,
        ctx.caller()?.user_id,
    );
    known.fetch_one(ctx.db()).await?.then_some(()).ok_or(Error::NotFound("site"))
}
