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
use crate::table::{Rows, table};

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

table!(Domains of Domain by (Uuid, i32) {
    "id" => id: Id,
    "hostname" => hostname: String,
    "verificationStatus" => verification_status: VerificationStatus,
    "isPrimary" => is_primary: bool,
    "verifiedAt" => verified_at: Option<OffsetDateTime>,
    "lastCheckedAt" => last_checked_at: Option<OffsetDateTime>,
    "createdAt" => created_at: OffsetDateTime,
    "updatedAt" => updated_at: OffsetDateTime,
    _ => verification_token: String,
} |key| { site_id: Id(key.0) });

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
