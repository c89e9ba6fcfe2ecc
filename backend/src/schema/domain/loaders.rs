//! Domains by their site.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Domain, VerificationStatus};
use crate::Error;
use crate::loader::Loader;
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;

/// The domain that a site is known by.
pub struct PrimaryDomain(Owned);

impl Loader for PrimaryDomain {
    type Key = Uuid;
    type Value = Domain;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, sites: &[Uuid]) -> Result<HashMap<Uuid, Domain>, Error> {
        let domains = sqlx::query_as!(
            Domain,
            r#"select id as "id: Id", site_id as "site_id: Id", hostname,
                      verification_status as "verification_status: VerificationStatus", is_primary,
                      verification_token, verified_at, last_checked_at, created_at, updated_at
               from app.domains where owner_id = $1 and site_id = any($2) and is_primary"#,
            self.0.owner,
            sites,
        );
        let domains = domains.fetch_all(&self.0.db).await?;
        Ok(domains.into_iter().map(|domain| (domain.site_id.0, domain)).collect())
    }
}

/// The newest domains of a site, by its id and how many are wanted.
pub struct DomainsBySite(Owned);

/// A domain and the list it is for.
struct Listed {
    first: i32,
    id: Id,
    site_id: Id,
    hostname: String,
    verification_status: VerificationStatus,
    is_primary: bool,
    verification_token: String,
    verified_at: Option<OffsetDateTime>,
    last_checked_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl Loader for DomainsBySite {
    type Key = (Uuid, i32);
    type Value = Vec<Domain>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Domain>>, Error> {
        let (sites, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let listed = sqlx::query_as!(
            Listed,
            r#"select wanted.first as "first!", row.id as "id: Id", row.site_id as "site_id: Id",
                      row.hostname, row.is_primary, row.verification_token,
                      row.verification_status as "verification_status: VerificationStatus",
                      row.verified_at, row.last_checked_at, row.created_at, row.updated_at
               from unnest($2::uuid[], $3::int[]) as wanted (site_id, first)
               cross join lateral (
                   select id, site_id, hostname, verification_status, is_primary,
                          verification_token, verified_at, last_checked_at, created_at, updated_at
                   from app.domains
                   where owner_id = $1 and site_id = wanted.site_id
                   order by created_at desc, id desc limit wanted.first
               ) as row
               order by row.created_at desc, row.id desc"#,
            self.0.owner,
            &sites,
            &firsts,
        );
        let mut domains = HashMap::<_, Vec<Domain>>::new();
        for row in listed.fetch_all(&self.0.db).await? {
            domains.entry((row.site_id.0, row.first)).or_default().push(row.into());
        }
        Ok(domains)
    }
}

impl From<Listed> for Domain {
    fn from(row: Listed) -> Self {
        Self {
            id: row.id,
            site_id: row.site_id,
            hostname: row.hostname,
            verification_status: row.verification_status,
            is_primary: row.is_primary,
            verification_token: row.verification_token,
            verified_at: row.verified_at,
            last_checked_at: row.last_checked_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
