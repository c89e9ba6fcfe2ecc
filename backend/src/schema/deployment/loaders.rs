//! Deployments by their site.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Deployment, DeploymentStatus, StorageType};
use crate::Error;
use crate::array::Array;
use crate::loader::{Found, Loader};
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;
use crate::table::{Rows, table};

/// The newest deployments of a site, by its id and how many are wanted.
pub struct DeploymentsBySite(Owned);

table!(Deployments of Deployment by (Uuid, i32) {
    "id" => id: Id,
    "cid" => cid: String,
    "status" => status: DeploymentStatus,
    "storageType" => storage_type: StorageType,
    "message" => message: Option<String>,
    "createdAt" => created_at: OffsetDateTime,
    "updatedAt" => updated_at: OffsetDateTime,
} |key| { site_id: Id(key.0) });

impl Loader for DeploymentsBySite {
    type Key = (Uuid, i32);
    type Value = Rows<Deployments>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<Found<Self>, Error> {
        let (sites, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let columns = sqlx::query_as!(
            Deployments,
            r#"select coalesce(array_agg(nth), '{}') as "nth!: Array<i32>",
                      coalesce(array_agg(id), '{}') as "id!: Array<Id>",
                      coalesce(array_agg(cid), '{}') as "cid!: Array<String>",
                      coalesce(array_agg(status), '{}') as "status!: Array<DeploymentStatus>",
                      coalesce(array_agg(storage_type), '{}') as "storage_type!: Array<StorageType>",
                      coalesce(array_agg(message), '{}') as "message!: Array<Option<String>>",
                      coalesce(array_agg(created_at), '{}') as "created_at!: Array<OffsetDateTime>",
                      coalesce(array_agg(updated_at), '{}') as "updated_at!: Array<OffsetDateTime>"
               from (
                   select wanted.nth::int, row.*
                   from unnest($2::uuid[], $3::int[]) with ordinality as wanted (site_id, first, nth)
                   cross join lateral (
                       select id, cid, status, storage_type, message, created_at, updated_at
                       from app.deployments
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
