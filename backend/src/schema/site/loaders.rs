//! Sites by what refers to them.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::Site;
use crate::Error;
use crate::loader::Loader;
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

/// A site and the list it is for.
struct Listed {
    first: i32,
    id: Id,
    project_id: Id,
    name: String,
    slug: String,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl Loader for SitesByProject {
    type Key = (Uuid, i32);
    type Value = Vec<Site>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Vec<Site>>, Error> {
        let (projects, firsts): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let listed = sqlx::query_as!(
            Listed,
            r#"select wanted.first as "first!", row.id as "id: Id",
                      row.project_id as "project_id: Id", row.name, row.slug, row.created_at,
                      row.updated_at
               from unnest($2::uuid[], $3::int[]) as wanted (project_id, first)
               cross join lateral (
                   select id, project_id, name, slug, created_at, updated_at from app.sites
                   where owner_id = $1 and project_id = wanted.project_id
                   order by created_at desc, id desc limit wanted.first
               ) as row
               order by row.created_at desc, row.id desc"#,
            self.0.owner,
            &projects,
            &firsts,
        );
        let mut sites = HashMap::<_, Vec<Site>>::new();
        for row in listed.fetch_all(&self.0.db).await? {
            let Listed { first, id, project_id, name, slug, created_at, updated_at } = row;
            let site = Site { id, project_id, name, slug, created_at, updated_at };
            sites.entry((project_id.0, first)).or_default().push(site);
        }
        Ok(sites)
    }
}
