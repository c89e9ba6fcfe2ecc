//! Projects by what refers to them.

use std::collections::HashMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::Project;
use crate::Error;
use crate::loader::Loader;
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;

/// A project by its id.
pub struct ProjectById(Owned);

impl Loader for ProjectById {
    type Key = Uuid;
    type Value = Project;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Project>, Error> {
        let projects = sqlx::query_as!(
            Project,
            r#"select id as "id: Id", name, slug, description, created_at, updated_at
               from app.projects where owner_id = $1 and id = any($2)"#,
            self.0.owner,
            ids,
        );
        let projects = projects.fetch_all(&self.0.db).await?;
        Ok(projects.into_iter().map(|project| (project.id.0, project)).collect())
    }
}

/// The newest projects of the caller, by how many are wanted.
pub struct NewestProjects(Owned);

/// A project and the list it is for.
struct Listed {
    first: i32,
    id: Id,
    name: String,
    slug: String,
    description: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl Loader for NewestProjects {
    type Key = i32;
    type Value = Vec<Project>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, firsts: &[i32]) -> Result<HashMap<i32, Vec<Project>>, Error> {
        let listed = sqlx::query_as!(
            Listed,
            r#"select wanted.first as "first!", row.id as "id: Id", row.name, row.slug,
                      row.description, row.created_at, row.updated_at
               from unnest($2::int[]) as wanted (first)
               cross join lateral (
                   select id, name, slug, description, created_at, updated_at from app.projects
                   where owner_id = $1
                   order by created_at desc, id desc limit wanted.first
               ) as row
               order by row.created_at desc, row.id desc"#,
            self.0.owner,
            firsts,
        );
        let mut projects = HashMap::<i32, Vec<Project>>::new();
        for row in listed.fetch_all(&self.0.db).await? {
            let Listed { first, id, name, slug, description, created_at, updated_at } = row;
            let project = Project { id, name, slug, description, created_at, updated_at };
            projects.entry(first).or_default().push(project);
        }
        Ok(projects)
    }
}
