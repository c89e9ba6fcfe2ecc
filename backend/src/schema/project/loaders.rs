//! Projects by what refers to them.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Project;
use crate::Error;
use crate::array::Array;
use crate::loader::{Found, Loader, by_key};
use crate::schema::context::Scope;
use crate::schema::id::Id;
use crate::schema::owned::Owned;
use crate::schema::page::Position;
use crate::table::{Rows, table};

/// A project by its id.
pub struct ProjectById(Owned);

impl Loader for ProjectById {
    type Key = Uuid;
    type Value = Project;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, ids: &[Uuid]) -> Result<Found<Self>, Error> {
        let projects = sqlx::query_as!(
            Project,
            r#"select id as "id: Id", name, slug, description, created_at, updated_at
               from app.projects where owner_id = $1 and id = any($2)"#,
            self.0.owner,
            ids,
        );
        Ok(by_key(ids, projects.fetch_all(&self.0.db).await?, |project| project.id.0))
    }
}

/// The caller's projects, newest first, by where to begin and how many are wanted.
pub struct NewestProjects(Owned);

table!(Projects of Project by (Position, i64) {
    "id" => id: Id,
    "name" => name: String,
    "slug" => slug: String,
    "description" => description: Option<String>,
    "createdAt" => created_at: OffsetDateTime,
    "updatedAt" => updated_at: OffsetDateTime,
} |_key| {});

impl Loader for NewestProjects {
    type Key = (Position, i64);
    type Value = Rows<Projects>;

    fn new(scope: &Scope) -> Self {
        Self(Owned::of(scope))
    }

    async fn load(&self, keys: &[Self::Key]) -> Result<Found<Self>, Error> {
        let (after, limits): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
        let (times, ids): (Vec<_>, Vec<_>) = after.iter().map(|after| (after.at, after.id)).unzip();
        let columns = sqlx::query_as!(
            Projects,
            r#"select coalesce(array_agg(nth), '{}') as "nth!: Array<i32>",
                      coalesce(array_agg(id), '{}') as "id!: Array<Id>",
                      coalesce(array_agg(name), '{}') as "name!: Array<String>",
                      coalesce(array_agg(slug), '{}') as "slug!: Array<String>",
                      coalesce(array_agg(description), '{}') as "description!: Array<Option<String>>",
                      coalesce(array_agg(created_at), '{}') as "created_at!: Array<OffsetDateTime>",
                      coalesce(array_agg(updated_at), '{}') as "updated_at!: Array<OffsetDateTime>"
               from (
                   select wanted.nth::int, row.*
                   from unnest($2::timestamptz[], $3::uuid[], $4::bigint[]) with ordinality
                       as wanted (at, id, rows, nth)
                   cross join lateral (
                       select id, name, slug, description, created_at, updated_at
                       from app.projects
                       where owner_id = $1 and (created_at, id) < (wanted.at, wanted.id)
                       order by created_at desc, id desc limit wanted.rows
                   ) as row
                   order by wanted.nth, row.created_at desc, row.id desc
               ) as listed"#,
            self.0.owner,
            &times,
            &ids,
            &limits,
        );
        Ok(Rows::by_key(columns.fetch_one(&self.0.db).await?, keys))
    }
}
