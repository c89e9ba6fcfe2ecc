//! Sites by what refers to them.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Site;
use crate::Error;
use crate::array::Array;
use crate::loader::{Found, Loader, by_key};
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;
use crate::table::{Rows, table};

/// A site by its id.
pub struct SiteById(Owned);

impl Loader for SiteById {
    type Key = Uuid;
    type Value = Site;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, ids: &[Uuid]) -> Result<Found<Self>, Error> {
        let sites = sqlx::query_as!(
            Site,
            r#"select id as "id: Id", project_id as "project_id: Id", name, slug, created_at,
                      updated_at
               from app.sites where owner_id = $1 and id = any($2)"#,
            self.0.owner,
            ids,
        );
        Ok(by_key(ids, sites.fetch_all(&self.0.db).await?, |site| site.id.0))
    }
}

/// The newest sites of a project, by its id and how many are wanted.
pub struct SitesByProject(Owned);

table!(Sites of Site by (Uuid, i32) {
    "id" => id: Id,
    "name" => name: String,
    "slug" => slug: String,
    "createdAt" => created_at: OffsetDateTime,
    "updatedAt" => updated_at: OffsetDateTime,
} |key| { project_id: Id(key.0) });

impl Loader for SitesByProject {
    type Key = (Uuid, i32);
    type Value = Rows<Sites>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<Found<Self>, Error> {
        let (projects, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let columns = sqlx::query_as!(
            Sites,
            r#"select coalesce(array_agg(nth), '{}') as "nth!: Array<i32>",
                      coalesce(array_agg(id), '{}') as "id!: Array<Id>",
                      coalesce(array_agg(name), '{}') as "name!: Array<String>",
                      coalesce(array_agg(slug), '{}') as "slug!: Array<String>",
                      coalesce(array_agg(created_at), '{}') as "created_at!: Array<OffsetDateTime>",
                      coalesce(array_agg(updated_at), '{}') as "updated_at!: Array<OffsetDateTime>"
               from (
                   select wanted.nth::int, row.*
                   from unnest($2::uuid[], $3::int[]) with ordinality
                       as wanted (project_id, first, nth)
                   cross join lateral (
                       select id, name, slug, created_at, updated_at from app.sites
                       where owner_id = $1 and project_id = wanted.project_id
                       order by created_at desc, id desc limit wanted.first
                   ) as row
                   order by wanted.nth, row.created_at desc, row.id desc
               ) as listed"#,
            self.0.owner,
            &projects,
            &firsts,
        );
        Ok(Rows::by_key(columns.fetch_one(&self.0.db).await?, keys))
    }
}
