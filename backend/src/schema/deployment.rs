//! Deployments: versions of a site, addressed by their content.

pub mod loaders;
pub mod mutation;
pub mod query;
pub mod status;
pub mod subscription;

use async_graphql::{ComplexObject, Context, Enum, Object, SimpleObject};
use time::OffsetDateTime;
use uuid::Uuid;

pub use status::DeploymentStatus;

use crate::Error;
use crate::array::enums;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::{Members, Node, Nodes, members};
use crate::schema::page::{Page, PageInfo, Position, Row};
use crate::schema::site::{Site, loaders::SiteById};

/// Where the content of a deployment is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "UPPERCASE")]
pub enum StorageType {
    /// IPFS, the interplanetary file system.
    Ipfs,
    /// Arweave.
    Arweave,
    /// Filecoin.
    Filecoin,
}

enums!(StorageType);

/// A version of a site.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Deployment {
    /// Id.
    pub id: Id,
    /// Id of its site.
    pub site_id: Id,
    /// What it serves: a CID of version 1 in base32.
    pub cid: String,
    /// How far it is.
    pub status: DeploymentStatus,
    /// Where the content is kept.
    pub storage_type: StorageType,
    /// What was said about its status, such as why it failed.
    pub message: Option<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When its status last changed.
    pub updated_at: OffsetDateTime,
}

#[ComplexObject]
impl Deployment {
    /// Its site.
    async fn site(&self, ctx: &Context<'_>) -> Result<Node<Site>, Error> {
        let site = ctx.loader::<SiteById>().load_one(self.site_id.0).await?;
        site.map(Node).ok_or(Error::NotFound("site"))
    }
}

members!(Deployment {
    "id" => |row| row.id,
    "siteId" => |row| row.site_id,
    "cid" => |row| row.cid,
    "status" => |row| row.status,
    "storageType" => |row| row.storage_type,
    "message" => |row| row.message,
    "createdAt" => |row| row.created_at,
    "updatedAt" => |row| row.updated_at,
});

impl Row for Deployment {
    fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.0 }
    }
}

/// Deployments, newest first.
pub struct DeploymentList {
    page: Page<Deployment>,
    site: Option<Uuid>,
}

impl Members for DeploymentList {}

/// Deployments, newest first.
#[Object]
impl DeploymentList {
    /// The deployments of this page.
    async fn data(&self) -> &Nodes<Deployment> {
        &self.page.rows
    }

    /// How to go on.
    async fn page_info(&self) -> &Node<PageInfo> {
        &self.page.info
    }

    /// How many deployments there are on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        let owner = ctx.caller()?.user_id;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from app.deployments
               where owner_id = $1 and ($2::uuid is null or site_id = $2)"#,
            owner,
            self.site,
        );
        Ok(count.fetch_one(ctx.db()).await?)
    }
}
