//! Who asks.

use std::sync::Arc;

use shared::api::{Scope, TokenKind, Validated};
use shared::jwt::LEEWAY;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;

/// Who asks, as auth vouches for them. No `Debug`: it holds the token.
#[derive(Clone)]
pub struct Caller {
    /// The user: the owner of everything the request may see.
    pub user_id: Uuid,
    /// Whether it is a session's token or a Personal Access Token.
    pub kind: TokenKind,
    /// What the token allows.
    pub scopes: Vec<Scope>,
    /// When the token ends; `None` for one without an end.
    pub expires_at: Option<OffsetDateTime>,
    /// The token itself, to be passed on to auth.
    pub token: Arc<str>,
}

impl Caller {
    /// The caller that auth described.
    #[must_use]
    pub fn new(token: Arc<str>, validated: Validated) -> Self {
        let Validated { user_id, kind, scopes, expires_at, .. } = validated;
        Self { user_id, kind, scopes, expires_at, token }
    }

    /// Itself, unless its token has run out since auth was asked.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`].
    pub fn still_good(self: Arc<Self>, now: OffsetDateTime) -> Result<Arc<Self>, Error> {
        let is_over = self.expires_at.is_some_and(|end| end + LEEWAY <= now);
        if is_over { Err(Error::Unauthenticated) } else { Ok(self) }
    }

    /// Whether the token allows mutations.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.scopes.contains(&Scope::Write)
    }
}
