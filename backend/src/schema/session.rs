//! Signing in and out. Auth does it; this is a view of it for clients that speak GraphQL alone.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use shared::api;

use crate::Error;
use crate::schema::context::Ask;
use crate::schema::id::Id;

/// What a wallet is to sign.
#[derive(SimpleObject)]
pub struct WalletChallenge {
    /// The EIP-4361 message; null when no address was given, and the wallet writes it itself.
    message: Option<String>,
    /// The nonce that the message has or is to have.
    nonce: String,
    /// Seconds until it is void.
    expires_in: u64,
}

/// Who signed in.
#[derive(SimpleObject)]
pub struct SignedInUser {
    /// Id.
    id: Id,
    /// Address, if they gave one.
    email: Option<String>,
    /// Name, if they gave one.
    display_name: Option<String>,
    /// Picture, if they gave one.
    avatar_url: Option<String>,
    /// Wallet, in lower case.
    wallet_address: Option<String>,
}

/// A session's tokens.
#[derive(SimpleObject)]
pub struct AuthSession {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// For `refreshSession`; works once.
    refresh_token: String,
    /// Seconds until the access token is over.
    expires_in: u64,
    /// Who signed in.
    user: SignedInUser,
}

impl From<api::SignedIn> for AuthSession {
    fn from(signed_in: api::SignedIn) -> Self {
        let api::SignedInUser { id, email, display_name, avatar_url, wallet_address } =
            signed_in.user;
        Self {
            access_token: signed_in.access_token,
            refresh_token: signed_in.refresh_token,
            expires_in: signed_in.expires_in,
            user: SignedInUser { id: Id(id), email, display_name, avatar_url, wallet_address },
        }
    }
}

/// A Personal Access Token to sign in with.
#[derive(InputObject)]
pub struct LoginWithPersonalAccessTokenDataInput {
    /// The token.
    personal_access_token: String,
    /// Accepted and ignored: a token is not bound to a project.
    project_id: Option<Id>,
}

/// Mutation root of this file.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Starts a sign-in with an Ethereum wallet.
    async fn wallet_challenge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wallet, 0x and 40 hexadecimal digits.")] address: Option<String>,
        #[graphql(desc = "By default Ethereum's main network, 1.")] chain_id: Option<u64>,
    ) -> Result<WalletChallenge, Error> {
        let challenge = ctx.auth().challenge(address.as_deref(), chain_id).await?;
        let api::Challenge { message, nonce, expires_in, .. } = challenge;
        Ok(WalletChallenge { message, nonce, expires_in })
    }

    /// Ends a sign-in with the signed message.
    async fn wallet_verify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message exactly as it was signed.")] message: String,
        #[graphql(desc = "The signature, 0x and hexadecimal digits.")] signature: String,
    ) -> Result<AuthSession, Error> {
        ctx.auth().verify(&message, &signature).await.map(Into::into)
    }

    /// New tokens for a session. Each refresh token works once.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        refresh_token: String,
    ) -> Result<AuthSession, Error> {
        ctx.auth().refresh(&refresh_token).await.map(Into::into)
    }

    /// Ends the caller's session; its access tokens are void at once.
    async fn logout(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        ctx.caller()?;
        ctx.auth().logout().await?;
        Ok(true)
    }

    /// An access token for a Personal Access Token, with the same rights and at most 15 minutes
    /// of life. It dies with the Personal Access Token.
    async fn login_with_personal_access_token(
        &self,
        ctx: &Context<'_>,
        data: LoginWithPersonalAccessTokenDataInput,
    ) -> Result<String, Error> {
        let LoginWithPersonalAccessTokenDataInput { personal_access_token, project_id: _ } = data;
        ctx.auth().exchange(&personal_access_token).await
    }
}
