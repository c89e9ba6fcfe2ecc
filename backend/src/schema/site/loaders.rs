//! Sites by what refers to them.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::Site;
use crate::Error;
use crate::loader::{Loader, lists};
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;

/// A site by its id.
pub struct SiteById(Owned);

impl Loader for SiteById {
    type Key = Uuid;
    type Value = Site;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Site>, Error> {
        let sites = sqlx::query_as!(
            Site,
            r#"select id as "id: Id", project_id as "project_id: Id", name, slug, created_at,
                      updated_at
               from app.sites where owner_id = $1 and id = any($2)"#,
            self.0.owner,
            ids,
        );
        let sites = sites.fetch_all(&self.0.db).await?;
        Ok(sites.into_iter().map(|site| (site.id.0, site)).collect())
    }
}

/// The newest sites of a project, by its id and how many are wanted.
pub struct SitesByProject(Owned);

/// Columns of the rows, and which key each row is for.
struct Columns {
    nth: Vec<i32>,
    id: Vec<Id>,
    name: Vec<String>,
    slug: Vec<String>,
    created_at: Vec<OffsetDateTime>,
    updated_at: Vec<OffsetDateTime>,
}

impl Loader for SitesByProject {
    type Key = (Uuid, i32);
    type Value = Vec<Site>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Site>>, Error> {
        let (projects, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let columns = sqlx::query_as!(
            Columns,
            r#"select coalesce(array_agg(nth), '{}') as "nth!",
                      coalesce(array_agg(id), '{}') as "id!: Vec<Id>",
                      coalesce(array_agg(name), '{}') as "name!",
                      coalesce(array_agg(slug), '{}') as "slug!",
                      coalesce(array_agg(created_at), '{}') as "created_at!",
                      coalesce(array_agg(updated_at), '{}') as "updated_at!"
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
        Ok(columns.fetch_one(&self.0.db).await?.lists(keys))
    }
}

impl Columns {
    /// The rows, by the key they are for.
    fn lists(self, keys: &[(Uuid, i32)]) -> HashMap<(Uuid, i32), Vec<Site>> {
        let mut ids = self.id.into_iter();
        let (mut names, mut slugs) = (self.name.into_iter(), self.slug.into_iter());
        let (mut created, mut updated) = (self.created_at.into_iter(), self.updated_at.into_iter());
        lists(keys, &self.nth, |(project, _)| {
            Some(Site {
                id: ids.next()?,
                project_id: Id(*project),
                name: names.next()?,
                slug: slugs.next()?,
                created_at: created.next()?,
                updated_at: updated.next()?,
            })
        })
    }
}
