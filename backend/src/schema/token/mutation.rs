//! Making and revoking Personal Access Tokens.

use async_graphql::{Context, Object, SimpleObject};
use shared::api;
use time::OffsetDateTime;

use super::Scope;
use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;

/// A Personal Access Token at the one moment its secret is shown.
#[derive(SimpleObject)]
pub struct PersonalAccessTokenCreated {
    /// Id.
    id: Id,
    /// What its owner calls it.
    name: String,
    /// The secret. It is shown this once; only its hash is kept.
    token: String,
    /// Prefix and last characters.
    masked_token: String,
    /// What it allows.
    scopes: Vec<Scope>,
    /// When it ends; null for one without an end.
    expires_at: Option<OffsetDateTime>,
    /// Never: it is new.
    last_used_at: Option<OffsetDateTime>,
    /// When it was made.
    created_at: OffsetDateTime,
}

/// Mutation root of this file.
#[derive(Default)]
pub struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Makes a Personal Access Token. It needs a session: a token cannot make tokens.
    async fn create_personal_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1 to 100 letters, digits, spaces, `-`, `_`, `.`.")] name: String,
        #[graphql(desc = "In the future, at most 10 years; by default it has no end.")]
        expires_at: Option<OffsetDateTime>,
        #[graphql(desc = "What it allows; by default everything.")] scopes: Option<Vec<Scope>>,
    ) -> Result<PersonalAccessTokenCreated, Error> {
        ctx.caller()?;
        let scopes = scopes.map(|scopes| scopes.into_iter().map(Into::into).collect::<Vec<_>>());
        let made = ctx.auth().create_token(&name, expires_at, scopes.as_deref()).await?;
        let api::NewToken { id, name, token, masked_token, scopes, expires_at, created_at } = made;
        Ok(PersonalAccessTokenCreated {
            id: Id(id),
            name,
            token,
            masked_token,
            scopes: scopes.into_iter().map(Scope::from).collect(),
            expires_at,
            last_used_at: None,
            created_at,
        })
    }

    /// Revokes one of the caller's Personal Access Tokens.
    async fn delete_personal_access_token(&self, ctx: &Context<'_>, id: Id) -> Result<bool, Error> {
        ctx.caller()?;
        ctx.auth().delete_token(id.0).await?;
        Ok(true)
    }
}
