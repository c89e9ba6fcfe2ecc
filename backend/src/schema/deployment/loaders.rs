//! Deployments by their site.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Deployment, DeploymentStatus, StorageType};
use crate::Error;
use crate::loader::{Loader, lists};
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;

/// The newest deployments of a site, by its id and how many are wanted.
pub struct DeploymentsBySite(Owned);

/// Columns of the rows, and which key each row is for.
struct Columns {
    nth: Vec<i32>,
    id: Vec<Id>,
    cid: Vec<String>,
    status: Vec<DeploymentStatus>,
    storage_type: Vec<StorageType>,
    message: Vec<Option<String>>,
    created_at: Vec<OffsetDateTime>,
    updated_at: Vec<OffsetDateTime>,
}

impl Loader for DeploymentsBySite {
    type Key = (Uuid, i32);
    type Value = Vec<Deployment>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Deployment>>, Error> {
        let (sites, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let columns = sqlx::query_as!(
            Columns,
            r#"select coalesce(array_agg(nth), '{}') as "nth!",
                      coalesce(array_agg(id), '{}') as "id!: Vec<Id>",
                      coalesce(array_agg(cid), '{}') as "cid!",
                      coalesce(array_agg(status), '{}') as "status!: Vec<DeploymentStatus>",
                      coalesce(array_agg(storage_type), '{}') as "storage_type!: Vec<StorageType>",
                      coalesce(array_agg(message), '{}') as "message!: Vec<Option<String>>",
                      coalesce(array_agg(created_at), '{}') as "created_at!",
                      coalesce(array_agg(updated_at), '{}') as "updated_at!"
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
        Ok(columns.fetch_one(&self.0.db).await?.lists(keys))
    }
}

impl Columns {
    /// The rows, by the key they are for.
    fn lists(self, keys: &[(Uuid, i32)]) -> HashMap<(Uuid, i32), Vec<Deployment>> {
        let (mut ids, mut cids) = (self.id.into_iter(), self.cid.into_iter());
        let (mut statuses, mut messages) = (self.status.into_iter(), self.message.into_iter());
        let mut storage_types = self.storage_type.into_iter();
        let (mut created, mut updated) = (self.created_at.into_iter(), self.updated_at.into_iter());
        lists(keys, &self.nth, |(site, _)| {
            Some(Deployment {
                id: ids.next()?,
                site_id: Id(*site),
                cid: cids.next()?,
                status: statuses.next()?,
                storage_type: storage_types.next()?,
                message: messages.next()?,
                created_at: created.next()?,
                updated_at: updated.next()?,
            })
        })
    }
}
