//! Adding domains, choosing the primary one, deleting them.

use async_graphql::{Context, InputObject, Object};
use sqlx::Connection as _;
use uuid::Uuid;

use super::{Domain, VerificationStatus, verification};
use crate::hostname::Hostname;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::schema::node::Node;
use crate::{Error, constraint};

/// A new domain.
#[derive(InputObject)]
pub struct CreateDomainInput {
    /// A public hostname; letters beyond ASCII become punycode.
    hostname: String,
    /// The site it is to serve.
    site_id: Id,
}

/// Mutation root of this file.
#[derive(Default)]
pub struct DomainMutation;

#[Object]
impl DomainMutation {
    /// Adds a domain to a site. It counts once `verifyDomain` has found its TXT record.
    async fn create_domain(
        &self,
        ctx: &Context<'_>,
        input: CreateDomainInput,
    ) -> Result<Node<Domain>, Error> {
        let owner = ctx.caller()?.user_id;
        let hostname = input.hostname.parse::<Hostname>();
        let hostname = hostname.map_err(|error| Error::bad_input("hostname", error.to_string()))?;
        let made = sqlx::query_as!(
            Domain,
            r#"insert into app.domains (id, owner_id, site_id, hostname, verification_token)
               values ($1, $2, $3, $4, $5)
               returning id as "id: Id", site_id as "site_id: Id", hostname,
                         verification_status as "verification_status: VerificationStatus", is_primary,
                         verification_token, verified_at, last_checked_at, created_at, updated_at"#,
            Uuid::now_v7(),
            owner,
            input.site_id.0,
            hostname.as_str(),
            verification::token()?,
        );
        made.fetch_one(ctx.db()).await.map(Node).map_err(|error| match constraint(&error) {
            // The key spans the owner: another owner's site is as good as none.
            Some("domains_site_id_fkey") => Error::NotFound("site"),
            Some("domains_owner_id_hostname_key") => {
                Error::Conflict("you have added this hostname already".into())
            }
            _ => error.into(),
        })
    }

    /// Looks the domain's TXT record up, now. True once its ownership is proven, which stays so;
    /// false when the record is missing or says something else.
    async fn verify_domain(&self, ctx: &Context<'_>, domain_id: Id) -> Result<bool, Error> {
        verification::verify(ctx, domain_id).await
    }

    /// Makes a verified domain the one that its site is known by.
    async fn set_primary_domain(
        &self,
        ctx: &Context<'_>,
        site_id: Id,
        domain_id: Id,
    ) -> Result<bool, Error> {
        let owner = ctx.caller()?.user_id;
        let mut connection = ctx.db().acquire().await?;
        let mut transaction = connection.begin().await?;
        // Two choices at once wait for each other here; the later one holds.
        let site = sqlx::query_scalar!(
            "select id from app.sites where id = $1 and owner_id = $2 for no key update",
            site_id.0,
            owner,
        );
        site.fetch_optional(&mut *transaction).await?.ok_or(Error::NotFound("site"))?;
        let former = sqlx::query!(
            "update app.domains set is_primary = false, updated_at = now()
             where site_id = $1 and owner_id = $2 and is_primary and id <> $3",
            site_id.0,
            owner,
            domain_id.0,
        );
        former.execute(&mut *transaction).await?;
        let chosen = sqlx::query_scalar!(
            r#"update app.domains
               set is_primary = (verification_status = 'VERIFIED'), updated_at = now()
               where id = $1 and site_id = $2 and owner_id = $3
               returning is_primary"#,
            domain_id.0,
            site_id.0,
            owner,
        );
        let chosen = chosen.fetch_optional(&mut *transaction).await?;
        if !chosen.ok_or(Error::NotFound("domain"))? {
            return Err(Error::Conflict("verify the domain first".into()));
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Deletes a domain.
    async fn delete_domain(&self, ctx: &Context<'_>, id: Id) -> Result<bool, Error> {
        let deleted = sqlx::query!(
            "delete from app.domains where id = $1 and owner_id = $2",
            id.0,
            ctx.caller()?.user_id,
        );
        if deleted.execute(ctx.db()).await?.rows_affected() == 0 {
            return Err(Error::NotFound("domain"));
        }
        Ok(true)
    }
}
