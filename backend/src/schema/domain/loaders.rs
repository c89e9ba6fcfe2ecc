//! Domains by their site.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Domain, VerificationStatus};
use crate::Error;
use crate::array::Array;
use crate::loader::{Found, Loader, by_key};
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;
use crate::table::{Rows, Table, cells};

/// The domain that a site is known by.
pub struct PrimaryDomain(Owned);

impl Loader for PrimaryDomain {
    type Key = Uuid;
    type Value = Domain;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, sites: &[Uuid]) -> Result<Found<Self>, Error> {
        let domains = sqlx::query_as!(
            Domain,
            r#"select id as "id: Id", site_id as "site_id: Id", hostname,
                      verification_status as "verification_status: VerificationStatus", is_primary,
                      verification_token, verified_at, last_checked_at, created_at, updated_at
               from app.domains where owner_id = $1 and site_id = any($2) and is_primary"#,
            self.0.owner,
            sites,
        );
        Ok(by_key(sites, domains.fetch_all(&self.0.db).await?, |domain| domain.site_id.0))
    }
}

/// The newest domains of a site, by its id and how many are wanted.
pub struct DomainsBySite(Owned);

/// Columns of domains, and which key each row is for.
pub struct Domains {
    nth: Array<i32>,
    id: Array<Id>,
    hostname: Array<String>,
    verification_status: Array<VerificationStatus>,
    is_primary: Array<bool>,
    verification_token: Array<String>,
    verified_at: Array<Option<OffsetDateTime>>,
    last_checked_at: Array<Option<OffsetDateTime>>,
    created_at: Array<OffsetDateTime>,
    updated_at: Array<OffsetDateTime>,
}

impl Table for Domains {
    type Row = Domain;
    type Key = (Uuid, i32);

    fn nth(&self) -> impl Iterator<Item = i32> {
        self.nth.iter()
    }

    fn row(&self, n: usize, (site, _): &Self::Key) -> Option<Domain> {
        Some(Domain {
            id: self.id.get(n)?,
            site_id: Id(*site),
            hostname: self.hostname.get(n)?.to_owned(),
            verification_status: self.verification_status.get(n)?,
            is_primary: self.is_primary.get(n)?,
            verification_token: self.verification_token.get(n)?.to_owned(),
            verified_at: self.verified_at.get(n)?,
            last_checked_at: self.last_checked_at.get(n)?,
            created_at: self.created_at.get(n)?,
            updated_at: self.updated_at.get(n)?,
        })
    }

    cells!(
        "id" => id,
        "hostname" => hostname,
        "verificationStatus" => verification_status,
        "isPrimary" => is_primary,
        "verifiedAt" => verified_at,
        "lastCheckedAt" => last_checked_at,
        "createdAt" => created_at,
        "updatedAt" => updated_at,
    );
}

impl Loader for DomainsBySite {
    type Key = (Uuid, i32);
    type Value = Rows<Domains>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<Found<Self>, Error> {
        let (sites, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let columns = sqlx::query_as!(
            Domains,
            r#"select coalesce(array_agg(nth), '{}') as "nth!: Array<i32>",
                      coalesce(array_agg(id), '{}') as "id!: Array<Id>",
                      coalesce(array_agg(hostname), '{}') as "hostname!: Array<String>",
                      coalesce(array_agg(verification_status), '{}')
                          as "verification_status!: Array<VerificationStatus>",
                      coalesce(array_agg(is_primary), '{}') as "is_primary!: Array<bool>",
                      coalesce(array_agg(verification_token), '{}')
                          as "verification_token!: Array<String>",
                      coalesce(array_agg(verified_at), '{}')
                          as "verified_at!: Array<Option<OffsetDateTime>>",
                      coalesce(array_agg(last_checked_at), '{}')
                          as "last_checked_at!: Array<Option<OffsetDateTime>>",
                      coalesce(array_agg(created_at), '{}') as "created_at!: Array<OffsetDateTime>",
                      coalesce(array_agg(updated_at), '{}') as "updated_at!: Array<OffsetDateTime>"
               from (
                   select wanted.nth::int, row.*
                   from unnest($2::uuid[], $3::int[]) with ordinality as wanted (site_id, first, nth)
                   cross join lateral (
                       select id, hostname, verification_status, is_primary, verification_token,
                              verified_at, last_checked_at, created_at, updated_at
                       from app.domains
                       where owner_id = $1 and site_id = wanted.site_id
                       order by created_at desc, id desc limit wanted.first
                   ) as row
                   order by wanted.nth, row.created_at desc, row.id desc
               ) as listed"#,
            self.0.owner,
            &sites,
            &firsts,
        );
        Ok(Rows::by_key(columns.fetch_one(&self.0.db).await?, keys))
    }
}
