//! Everything that can go wrong for a caller, with its code; what is ours alone stays in the log.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::ErrorExtensionValues;
use shared::api::Failure;

/// Why a field has no value. `Display` is public text; resolvers return this type and no other, so
/// that nothing else can reach a client.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No token, or one that auth refuses.
    #[error("Unauthorized")]
    Unauthenticated,
    /// The token is good and does not allow this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing among what the caller owns; names the kind of thing.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A value that the caller gave.
    #[error("{message}")]
    BadInput {
        /// The argument or input field at fault.
        field: Cow<'static, str>,
        /// What it must look like.
        message: Cow<'static, str>,
    },
    /// Something of the kind exists, or its state does not allow this.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// Too often.
    #[error("{0}")]
    RateLimited(Cow<'static, str>),
    /// Something we depend on does not answer.
    #[error("{0} is not available now; try again later")]
    Unavailable(&'static str),
    /// What auth said of a proxied call.
    #[error("{}", failure.detail)]
    Auth {
        /// Its meaning in our codes.
        code: &'static str,
        /// What it said, with its own code.
        failure: Failure,
    },
    /// A bug or a broken database: masked, written to the log under the request's id.
    #[error("internal error")]
    Internal(Arc<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A value that the caller gave is wrong.
    pub fn bad_input(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::BadInput { field: field.into(), message: message.into() }
    }

    /// A failure that is nobody's business but ours.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Arc::from(error.into()))
    }

    /// What a program matches on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden(_) => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::BadInput { .. } => "BAD_USER_INPUT",
            Self::Conflict(_) => "CONFLICT",
            Self::RateLimited(_) => "RATE_LIMITED",
            Self::Unavailable(_) => "SERVICE_UNAVAILABLE",
            Self::Auth { code, .. } => code,
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// Adds what it says beside the message.
    pub(crate) fn extend(&self, extensions: &mut ErrorExtensionValues) {
        extensions.set("code", self.code());
        match self {
            Self::BadInput { field, .. } => extensions.set("field", field.as_ref()),
            Self::Auth { failure, .. } => {
                extensions.set("reason", failure.code.as_str());
                if let Some(field) = &failure.field {
                    extensions.set("field", field.as_str());
                }
            }
            _ => {}
        }
    }
}

/// A constraint that a caller can break is matched by its name where the statement is; what is left
/// is ours.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let is_away = match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| is_going(&code)),
            _ => false,
        };
        if is_away {
            tracing::error!(%error, "the database does not answer");
            return Self::Unavailable("the database");
        }
        Self::internal(error)
    }
}

/// Whether a SQLSTATE says that the server stops or has yet to start: 57P01 `admin_shutdown`, 57P02
/// `crash_shutdown`, 57P03 `cannot_connect_now`.
fn is_going(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P03")
}

/// The name of the constraint that a statement broke.
#[must_use]
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint)
}
