//! Making, renaming and deleting sites.

use async_graphql::{Context, InputObject, Object};
use uuid::Uuid;

use super::Site;
use super::query::SiteWhereInput;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::Node;
use crate::{Error, constraint, name, slug};

/// A new site.
#[derive(InputObject)]
pub struct SiteDataInput {
    /// Name, of 1 to 100 characters.
    name: String,
    /// The project it belongs to; by default the one that the header `X-Project-Id` names.
    project_id: Option<Id>,
}

/// What changes of a site.
#[derive(InputObject)]
pub struct UpdateSiteDataInput {
    /// Name, of 1 to 100 characters; the slug follows it.
    name: String,
}

/// Mutation root of this file.
#[derive(Default)]
pub struct SiteMutation;

#[Object]
impl SiteMutation {
    /// Makes a site. Names may repeat, slugs get a suffix.
    async fn create_site(
        &self,
        ctx: &Context<'_>,
        data: SiteDataInput,
    ) -> Result<Node<Site>, Error> {
        let owner = ctx.caller()?.user_id;
        let name = name::parse("name", &data.name)?;
        let project =
            data.project_id.map(|id| id.0).or_else(|| ctx.project()).ok_or_else(|| {
                Error::bad_input("projectId", "name a project, here or in the header X-Project-Id")
            })?;
        for slug in slug::candidates(slug::of(&name, "site"), slug::dice) {
            let made = sqlx::query_as!(
                Site,
                r#"insert into app.sites (id, owner_id, project_id, name, slug)
                   values ($1, $2, $3, $4, $5)
                   on conflict on constraint sites_owner_id_slug_key do nothing
                   returning id as "id: Id", project_id as "project_id: Id", name, slug,
                             created_at, updated_at"#,
                Uuid::now_v7(),
                owner,
                project,
                name,
                slug,
            );
            match made.fetch_optional(ctx.db()).await {
                Ok(Some(site)) => return Ok(Node(site)),
                Ok(None) => {}
                // The key spans the owner: another owner's project is as good as none.
                Err(error) if constraint(&error) == Some("sites_project_id_fkey") => {
                    return Err(Error::NotFound("project"));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(slug::taken())
    }

    /// Renames a site.
    async fn update_site(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] filter: SiteWhereInput,
        data: UpdateSiteDataInput,
    ) -> Result<Node<Site>, Error> {
        let owner = ctx.caller()?.user_id;
        let name = name::parse("name", &data.name)?;
        for slug in slug::candidates(slug::of(&name, "site"), slug::dice) {
            let changed = sqlx::query_as!(
                Site,
                r#"update app.sites set
                       name = $3, slug = case when $3 = name then slug else $4 end,
                       updated_at = now()
                   where id = $1 and owner_id = $2
                   returning id as "id: Id", project_id as "project_id: Id", name, slug,
                             created_at, updated_at"#,
                filter.id.0,
                owner,
                name,
                slug,
            );
            match changed.fetch_optional(ctx.db()).await {
                Ok(changed) => return changed.map(Node).ok_or(Error::NotFound("site")),
                Err(error) if constraint(&error) == Some("sites_owner_id_slug_key") => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(slug::taken())
    }

    /// Deletes a site with its deployments and domains; answers with what it was.
    async fn delete_site(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where")] filter: SiteWhereInput,
    ) -> Result<Node<Site>, Error> {
        let deleted = sqlx::query_as!(
            Site,
            r#"delete from app.sites where id = $1 and owner_id = $2
               returning id as "id: Id", project_id as "project_id: Id", name, slug, created_at,
                         updated_at"#,
            filter.id.0,
            ctx.caller()?.user_id,
        );
        let site = deleted.fetch_optional(ctx.db()).await?.ok_or(Error::NotFound("site"))?;
        ctx.scope().state.events.deleted();
        Ok(Node(site))
    }
}
