//! The trail of what happened to an account: append-only rows, written in the transaction of the
//! event itself, so that neither is there without the other.

use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::current_user::Client;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A wallet signed in and a session began.
    SignedIn,
    /// A used refresh token came back and its session was ended.
    RefreshReused,
    /// A session was ended by its owner, where it was used.
    LoggedOut,
    /// A session was ended by its owner, from elsewhere.
    SessionRevoked,
    /// A Personal Access Token was made.
    TokenCreated,
    /// A Personal Access Token was revoked.
    TokenRevoked,
    /// A login of the command-line client was approved.
    LoginApproved,
    /// A login of the command-line client was refused.
    LoginRefused,
    /// The profile was changed.
    ProfileChanged,
    /// A wallet was added.
    WalletLinked,
    /// A wallet was removed.
    WalletRemoved,
    /// Another wallet became the first one.
    WalletPromoted,
    /// The account and all that belonged to it was deleted.
    AccountDeleted,
}

impl Action {
    /// Its name in the trail.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "session.created",
            Self::RefreshReused => "session.reused",
            Self::LoggedOut => "session.ended",
            Self::SessionRevoked => "session.revoked",
            Self::TokenCreated => "token.created",
            Self::TokenRevoked => "token.revoked",
            Self::LoginApproved => "cli_login.approved",
            Self::LoginRefused => "cli_login.refused",
            Self::ProfileChanged => "profile.changed",
            Self::WalletLinked => "wallet.linked",
            Self::WalletRemoved => "wallet.removed",
            Self::WalletPromoted => "wallet.promoted",
            Self::AccountDeleted => "account.deleted",
        }
    }
}

/// Appends one row: `action` happened to `user`, at the request of `client`. `detail` is an object
/// with ids and names, never a secret.
pub async fn append(
    db: impl PgExecutor<'_>,
    client: &Client,
    user: Uuid,
    action: Action,
    detail: Value,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into auth.audit_events (id, user_id, action, detail, ip, user_agent, request_id)
         values ($1, $2, $3, $4, $5::text::inet, $6, $7)",
        Uuid::now_v7(),
        user,
        action.name(),
        detail,
        client.info.client().to_string(),
        client.user_agent,
        client.info.id(),
    )
    .execute(db)
    .await?;
    Ok(())
}
