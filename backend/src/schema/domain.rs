//! Domains: names under which a site is served, once their ownership is proven.

pub mod loaders;
pub mod mutation;
pub mod query;
pub mod verification;

use async_graphql::{ComplexObject, Context, Enum, Object, SimpleObject};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Error;
use crate::array::enums;
use crate::hostname;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::{Members, Node, Nodes, members};
use crate::schema::page::{Page, PageInfo, Position, Row};
use crate::schema::site::{Site, loaders::SiteById};

/// Whether the ownership of a domain is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "UPPERCASE")]
pub enum VerificationStatus {
    /// Not looked up yet.
    Pending,
    /// The TXT record was found.
    Verified,
    /// The last look-up did not find the TXT record.
    Failed,
}

enums!(VerificationStatus);

/// A name under which a site is served.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub struct Domain {
    /// Id.
    pub id: Id,
    /// Id of its site.
    pub site_id: Id,
    /// The name, in lower-case ASCII (punycode).
    pub hostname: String,
    /// Whether its ownership is proven, and if not, why.
    pub verification_status: VerificationStatus,
    /// Whether the site is known by it.
    pub is_primary: bool,
    #[graphql(skip)]
    pub(crate) verification_token: String,
    /// When its ownership was proven.
    pub verified_at: Option<OffsetDateTime>,
    /// When the TXT record was last looked up.
    pub last_checked_at: Option<OffsetDateTime>,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// Last change.
    pub updated_at: OffsetDateTime,
}

impl Domain {
    /// Whether its ownership is proven.
    fn is_verified(&self) -> bool {
        self.verification_status == VerificationStatus::Verified
    }

    /// What the TXT record must say.
    pub(crate) fn txt_value(&self) -> String {
        format!("alternatefutures-verification={}", self.verification_token)
    }
}

#[ComplexObject]
impl Domain {
    /// Whether its ownership is proven.
    async fn verified(&self) -> bool {
        self.is_verified()
    }

    /// Name of the TXT record that proves the ownership.
    async fn txt_record_name(&self) -> String {
        hostname::txt_name(&self.hostname)
    }

    /// Value of the TXT record that proves the ownership.
    async fn txt_record_value(&self) -> String {
        self.txt_value()
    }

    /// Its site.
    async fn site(&self, ctx: &Context<'_>) -> Result<Node<Site>, Error> {
        let site = ctx.loader::<SiteById>().load_one(self.site_id.0).await?;
        site.map(Node).ok_or(Error::NotFound("site"))
    }
}

members!(Domain {
    "id" => |row| row.id,
    "siteId" => |row| row.site_id,
    "hostname" => |row| row.hostname,
    "verificationStatus" => |row| row.verification_status,
    "isPrimary" => |row| row.is_primary,
    "verified" => |row| row.is_verified(),
    "txtRecordName" => |row| hostname::txt_name(&row.hostname),
    "txtRecordValue" => |row| row.txt_value(),
    "verifiedAt" => |row| row.verified_at,
    "lastCheckedAt" => |row| row.last_checked_at,
    "createdAt" => |row| row.created_at,
    "updatedAt" => |row| row.updated_at,
});

impl Row for Domain {
    fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.0 }
    }
}

/// Domains, newest first.
pub struct DomainList {
    page: Page<Domain>,
    site: Option<Uuid>,
}

impl Members for DomainList {}

/// Domains, newest first.
#[Object]
impl DomainList {
    /// The domains of this page.
    async fn data(&self) -> &Nodes<Domain> {
        &self.page.rows
    }

    /// How to go on.
    async fn page_info(&self) -> &Node<PageInfo> {
        &self.page.info
    }

    /// How many domains there are on all pages.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64, Error> {
        let owner = ctx.caller()?.user_id;
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from app.domains
               where owner_id = $1 and ($2::uuid is null or site_id = $2)"#,
            owner,
            self.site,
        );
        Ok(count.fetch_one(ctx.db()).await?)
    }
}
