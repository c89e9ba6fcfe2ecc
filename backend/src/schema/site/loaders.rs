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
use crate::table::{Rows, Table, cells};

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

/// Columns of sites, and which key each row is for.
pub struct Sites {
    nth: Array<i32>,
    id: Array<Id>,
    name: Array<String>,
    slug: Array<String>,
    created_at: Array<OffsetDateTime>,
    updated_at: Array<OffsetDateTime>,
}

impl Table for Sites {
    type Row = Site;
    type Key = (Uuid, i32);

    fn nth(&self) -> impl Iterator<Item = i32> {
        self.nth.iter()
    }

    fn row(&self, n: usize, (project, _): &Self::Key) -> Option<Site> {
        Some(Site {
            id: self.id.get(n)?,
            project_id: Id(*project),
            name: self.name.get(n)?.to_owned(),
            slug: self.slug.get(n)?.to_owned(),
            created_at: self.created_at.get(n)?,
            updated_at: self.updated_at.get(n)?,
        })
    }

    cells!(
        "id" => id,
        "name" => name,
        "slug" => slug,
        "createdAt" => created_at,
        "updatedAt" => updated_at,
    );
}

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
