//! Making, changing and deleting projects.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use uuid::Uuid;

use super::Project;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::Node;
use crate::{Error, constraint, name, slug};

/// A new project.
#[derive(InputObject)]
pub struct CreateProjectDataInput {
    /// Name, of 1 to 100 characters.
    name: String,
}

/// What changes of a project; a field that is left out stays.
#[derive(InputObject)]
pub struct UpdateProjectDataInput {
    /// Name, of 1 to 100 characters; the slug follows it.
    name: Option<String>,
    /// What it is about, in at most 2000 characters; null removes it.
    description: MaybeUndefined<String>,
}

/// Mutation root of this file.
#[derive(Default)]
pub struct ProjectMutation;

#[Object]
impl ProjectMutation {
    /// Makes a project. Names may repeat, slugs get a suffix.
    async fn create_project(
        &self,
        ctx: &Context<'_>,
        data: CreateProjectDataInput,
    ) -> Result<Node<Project>, Error> {
        let owner = ctx.caller()?.user_id;
        let name = name::parse("name", &data.name)?;
        for slug in slug::candidates(slug::of(&name, "project"), slug::dice) {
            let made = sqlx::query_as!(
                Project,
                r#"insert into app.projects (id, owner_id, name, slug) values ($1, $2, $3, $4)
                   on conflict on constraint projects_owner_id_slug_key do nothing
                   returning id as "id: Id", name, slug, description, created_at, updated_at"#,
                Uuid::now_v7(),
                owner,
                name,
                slug,
            );
            match made.fetch_optional(ctx.db()).await {
                Ok(Some(project)) => return Ok(Node(project)),
                Ok(None) => {}
                // The account was deleted a moment ago.
                Err(error) if constraint(&error) == Some("projects_owner_id_fkey") => {
                    return Err(Error::Unauthenticated);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(slug::taken())
    }

    /// Renames or describes a project.
    async fn update_project(
        &self,
        ctx: &Context<'_>,
        id: Id,
        data: UpdateProjectDataInput,
    ) -> Result<Node<Project>, Error> {
        let owner = ctx.caller()?.user_id;
        let name = data.name.map(|text| name::parse("name", &text)).transpose()?;
        let describe = !data.description.is_undefined();
        let description = data.description.take().map(|text| name::text("description", &text));
        let description = description.transpose()?;
        for slug in
            slug::candidates(slug::of(name.as_deref().unwrap_or_default(), "project"), slug::dice)
        {
            let changed = sqlx::query_as!(
                Project,
                r#"update app.projects set
                       name = coalesce($3, name),
                       slug = case when $3 is null or $3 = name then slug else $4 end,
                       description = case when $5 then $6 else description end,
                       updated_at = now()
                   where id = $1 and owner_id = $2
                   returning id as "id: Id", name, slug, description, created_at, updated_at"#,
                id.0,
                owner,
                name,
                slug,
                describe,
                description,
            );
            match changed.fetch_optional(ctx.db()).await {
                Ok(changed) => return changed.map(Node).ok_or(Error::NotFound("project")),
                Err(error) if constraint(&error) == Some("projects_owner_id_slug_key") => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(slug::taken())
    }

    /// Deletes a project with its sites, their deployments and domains.
    async fn delete_project(&self, ctx: &Context<'_>, id: Id) -> Result<bool, Error> {
        let deleted = sqlx::query!(
            "delete from app.projects where id = $1 and owner_id = $2",
            id.0,
            ctx.caller()?.user_id,
        );
        if deleted.execute(ctx.db()).await?.rows_affected() == 0 {
            return Err(Error::NotFound("project"));
        }
        ctx.scope().state.events.deleted();
        Ok(true)
    }
}
