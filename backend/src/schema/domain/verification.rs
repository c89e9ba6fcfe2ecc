//! Proving who owns a hostname, by a TXT record that only its owner can set.

use async_graphql::Context;
use ring::rand::{SecureRandom, SystemRandom};

use super::{VerificationStatus, query};
use crate::hostname;
use crate::schema::context::Ask;
use crate::schema::id::Id;
use crate::{Error, constraint};

/// 128 random bits in hexadecimal: what the TXT record must repeat.
pub(super) fn token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::internal("no random bytes"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Looks the TXT record of one of the caller's domains up and notes what was found.
pub(super) async fn verify(ctx: &Context<'_>, id: Id) -> Result<bool, Error> {
    let domain = query::find(ctx, id).await?;
    if domain.verification_status == VerificationStatus::Verified {
        return Ok(true);
    }
    let texts = ctx.scope().state.dns.texts(&hostname::txt_name(&domain.hostname)).await;
    let texts = texts.map_err(|error| {
        tracing::warn!(%error, hostname = domain.hostname, "a TXT record cannot be looked up");
        Error::Unavailable("the domain's DNS")
    })?;
    let value = domain.txt_value();
    let found = texts.iter().any(|text| text.trim() == value);
    // A domain that another request has verified meanwhile stays verified, and so does the owner
    // who came first: the constraint decides.
    let noted = sqlx::query_scalar!(
        r#"update app.domains set
               verification_status = case
                   when $3 or verification_status = 'VERIFIED' then 'VERIFIED' else 'FAILED' end,
               verified_at = case when $3 then coalesce(verified_at, now()) else verified_at end,
               last_checked_at = now(), updated_at = now()
           where id = $1 and owner_id = $2
           returning verification_status = 'VERIFIED' as "verified!""#,
        id.0,
        ctx.caller()?.user_id,
        found,
    );
    let noted = noted.fetch_optional(ctx.db()).await.map_err(|error| match constraint(&error) {
        Some("domains_verified_hostname_key") => {
            Error::Conflict("another account has verified this hostname".into())
        }
        _ => error.into(),
    })?;
    noted.ok_or(Error::NotFound("domain"))
}
