//! Sites: what is deployed, and what domains point at.

pub mod loaders;
pub mod mutation;
pub mod query;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Error;
use crate::schema::context::Ask;
use crate::schema::deployment::{Deployment, loaders::DeploymentsBySite};
use crate::schema::domain::{
    Domain,
    loaders::{DomainsBySite, PrimaryDomain},
};
use crate::schema::id::Id;
use crate::schema::node::{Members, Node, Nodes, members};
use crate::schema::page::{Page, PageInfo, Position, Row, count};
use crate::schema::project::{Project, loaders::ProjectById};
use crate::table::Rows;

/// A site of a project.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Site {
    /// Id.
    pub id: Id,
    /// Id of its project.
    pub project_id: Id,
    /// Name, of 1 to 100 characters.
    pub name: String,
    /// Name in URLs; unique among the sites of one owner.
    pub slug: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its name last changed.
    pub updated_at: OffsetDateTime,
}

#[ComplexObject]
impl Site {
    /// Its project.
    async fn project(&self, ctx: &Context<'_>) -> Result<Node<Project>, Error> {
        let project = ctx.loader::<ProjectById>().load_one(self.project_id.0).await?;
        project.map(Node).ok_or(Error::NotFound("project"))
    }

    /// Its newest deployments; `first` is at most 100.
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Nodes<Deployment>, Error> {
        let key = (self.id.0, count(first)?);
        let newest = ctx.loader::<DeploymentsBySite>().load_one(key).await?;
        Ok(Nodes(Rows::make(newest)?))
    }

    /// Its newest deployment.
    async fn latest_deployment(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Node<Deployment>>, Error> {
        let newest = ctx.loader::<DeploymentsBySite>().load_one((self.id.0, 1)).await?;
        Ok(Rows::make(newest)?.into_iter().next().map(Node))
    }

    /// Its newest domains; `first` is at most 100.
    async fn domains(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Nodes<Domain>, Error> {
        let key = (self.id.0, count(first)?);
        let newest = ctx.loader::<DomainsBySite>().load_one(key).await?;
        Ok(Nodes(Rows::make(newest)?))
    }

    /// The domain it is known by, of those that are verified.
    async fn primary_domain(&self, ctx: &Context<'_>) -> Result<Option<Node<Domain>>, Error> {
        let primary = ctx.loader::<PrimaryDomain>().load_one(self.id.0).await?;
        Ok(primary.map(Node))
    }
}

members!(Site {
    "id" => |row| row.id,
    "projectId" => |row| row.project_id,
    "name" => |row| row.name,
    "slug" => |row| row.slug,
    "createdAt" => |row| row.created_at,
    "updatedAt" => |row| row.updated_at;
    "deployments" => DeploymentsBySite, |row, first| (row.id.0, first);
    "domains" => DomainsBySite, |row, first| (row.id.0, first)
});

impl Row for Site {
    fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.0 }
    }
}

/// Sites, newest first.
pub struct SiteList {
    page: Page<Site>,
    project: Option<Uuid>,
}

impl Members for SiteList {}

/// Sites, newest first.
#[Object]
impl SiteList {
    /// The sites of this page.
    async fn data(&self) -> &Nodes<Site> {
        &self.page.rows
    }

    /// How to go on.
    async fn page_info(&self) -> &Node<PageInfo> {
        &self.page.info
    }

    /// How many sites there are on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        let owner = ctx.caller()?.user_id;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from app.sites
               where owner_id = $1 and ($2::uuid is null or project_id = $2)"#,
            owner,
            self.project,
        );
        Ok(count.fetch_one(ctx.db()).await?)
    }
}
