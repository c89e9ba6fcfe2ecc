//! Projects: what the sites of a caller are grouped by.

pub mod loaders;
pub mod mutation;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use time::OffsetDateTime;

use loaders::NewestProjects;

use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::{Members, Node, Nodes, members};
use crate::schema::page::{List, Page, PageInfo, Position, Row, Wanted, count};
use crate::schema::site::{Site, loaders::SitesByProject};
use crate::table::Rows;

/// A project: sites that belong together.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Project {
    /// Id.
    pub id: Id,
    /// Name, of 1 to 100 characters.
    pub name: String,
    /// Name in URLs; unique among the projects of one owner.
    pub slug: String,
    /// What it is about.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its name or description last changed.
    pub updated_at: OffsetDateTime,
}

#[ComplexObject]
impl Project {
    /// Its newest sites; `first` is at most 100.
    async fn sites(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 20)] first: i32,
    ) -> Result<Nodes<Site>, Error> {
        let key = (self.id.0, count(first)?);
        let newest = ctx.loader::<SitesByProject>().load_one(key).await?;
        Ok(Nodes(Rows::make(newest)?))
    }
}

members!(Project {
    "id" => |row| row.id,
    "name" => |row| row.name,
    "slug" => |row| row.slug,
    "description" => |row| row.description,
    "createdAt" => |row| row.created_at,
    "updatedAt" => |row| row.updated_at;
    "sites" => SitesByProject, |row, first| (row.id.0, first)
});

impl Row for Project {
    fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.0 }
    }
}

/// Projects, newest first.
pub struct ProjectList(Page<Project>);

impl Members for ProjectList {}

/// Projects, newest first.
#[Object]
impl ProjectList {
    /// The projects of this page.
    async fn data(&self) -> &Nodes<Project> {
        &self.0.rows
    }

    /// How to go on.
    async fn page_info(&self) -> &Node<PageInfo> {
        &self.0.info
    }

    /// How many projects there are on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        let owner = ctx.caller()?.user_id;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from app.projects where owner_id = $1"#,
            owner,
        );
        Ok(count.fetch_one(ctx.db()).await?)
    }
}

/// Query root of this file.
#[derive(Default)]
pub struct ProjectQuery;

#[Object]
impl ProjectQuery {
    /// The caller's projects, newest first; `first` is at most 100.
    async fn projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<Node<ProjectList>, Error> {
        ctx.caller()?;
        let wanted = Wanted::read(ctx, List("projects", None), first, after.as_deref())?;
        let key = (wanted.after, wanted.limit);
        let rows = ctx.loader::<NewestProjects>().load_one(key).await?;
        wanted.page(ctx, Rows::make(rows)?).map(|page| Node(ProjectList(page)))
    }

    /// One of the caller's projects.
    async fn project(&self, ctx: &Context<'_>, id: Id) -> Result<Option<Node<Project>>, Error> {
        let project = sqlx::query_as!(
            Project,
            r#"select id as "id: Id", name, slug, description, created_at, updated_at
               from app.projects where id = $1 and owner_id = $2"#,
            id.0,
            ctx.caller()?.user_id,
        );
        let project = project.fetch_optional(ctx.db()).await?;
        project.ok_or(Error::NotFound("project")).map(|project| Some(Node(project)))
    }
}
