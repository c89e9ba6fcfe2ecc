//! Deployments by their site.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Deployment, DeploymentStatus, StorageType};
use crate::Error;
use crate::loader::Loader;
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;

/// The newest deployments of a site, by its id and how many are wanted.
pub struct DeploymentsBySite(Owned);

/// A deployment and the list it is for.
struct Listed {
    first: i32,
    id: Id,
    site_id: Id,
    cid: String,
    status: DeploymentStatus,
    storage_type: StorageType,
    message: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl Loader for DeploymentsBySite {
    type Key = (Uuid, i32);
    type Value = Vec<Deployment>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Deployment>>, Error> {
        let (sites, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let listed = sqlx::query_as!(
            Listed,
            r#"select wanted.first as "first!", row.id as "id: Id", row.site_id as "site_id: Id",
                      row.cid, row.status as "status: DeploymentStatus",
                      row.storage_type as "storage_type: StorageType", row.message,
                      row.created_at, row.updated_at
               from unnest($2::uuid[], $3::int[]) as wanted (site_id, first)
               cross join lateral (
                   select id, site_id, cid, status, storage_type, message, created_at, updated_at
                   from app.deployments
                   where owner_id = $1 and site_id = wanted.site_id
                   order by created_at desc, id desc limit wanted.first
               ) as row
               order by row.created_at desc, row.id desc"#,
            self.0.owner,
            &sites,
            &firsts,
        );
        let mut deployments = HashMap::<_, Vec<Deployment>>::new();
        for row in listed.fetch_all(&self.0.db).await? {
            let Listed { first, id, site_id, cid, status, storage_type, .. } = row;
            let Listed { message, created_at, updated_at, .. } = row;
            deployments.entry((site_id.0, first)).or_default().push(Deployment {
                id,
                site_id,
                cid,
                status,
                storage_type,
                message,
                created_at,
                updated_at,
            });
        }
        Ok(deployments)
    }
}
