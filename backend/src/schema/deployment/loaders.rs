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
use crate::table::{Rows, Table, cells};

/// The newest deployments of a site, by its id and how many are wanted.
pub struct DeploymentsBySite(Owned);

/// Columns of deployments, and which key each row is for.
pub struct Deployments {
    nth: Array<i32>,
    id: Array<Id>,
    cid: Array<String>,
    status: Array<DeploymentStatus>,
    storage_type: Array<StorageType>,
    message: Array<Option<String>>,
    created_at: Array<OffsetDateTime>,
    updated_at: Array<OffsetDateTime>,
}

impl Table for Deployments {
    type Row = Deployment;
    type Key = (Uuid, i32);

    fn nth(&self) -> impl Iterator<Item = i32> {
        self.nth.iter()
    }

    fn row(&self, n: usize, (site, _): &Self::Key) -> Option<Deployment> {
        Some(Deployment {
            id: self.id.get(n)?,
            site_id: Id(*site),
            cid: self.cid.get(n)?.to_owned(),
            status: self.status.get(n)?,
            storage_type: self.storage_type.get(n)?,
            message: self.message.get(n)?.map(str::to_owned),
            created_at: self.created_at.get(n)?,
            updated_at: self.updated_at.get(n)?,
        })
    }

    cells!(
        "id" => id,
        "cid" => cid,
        "status" => status,
        "storageType" => storage_type,
        "message" => message,
        "createdAt" => created_at,
        "updatedAt" => updated_at,
    );
}

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
