//! Everything that can go wrong, and what the caller is told.

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use shared::Problem;
use shared::jwt::Refused;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::json::Rejection;
use crate::siwe;

/// What went wrong. Its text is for the caller; causes go to the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No token, or none of the form `Bearer ...`.
    #[error("sign in first")]
    Unauthenticated,
    /// A token that is none of ours, or is void.
    #[error("this token is not valid")]
    InvalidToken,
    /// A token that was good once.
    #[error("this token has expired")]
    TokenExpired,
    /// A refresh token that is unknown, over, used, or of a session that ended.
    #[error("this refresh token is not valid; sign in again")]
    InvalidRefreshToken,
    /// A Personal Access Token where only a session will do.
    #[error("a Personal Access Token may not do this; sign in")]
    SessionRequired,
    /// A Personal Access Token that may only read.
    #[error("this token may only read")]
    InsufficientScope,
    /// The secret of a command-line login is another one.
    #[error("the secret of this login is wrong")]
    WrongSecret,
    /// A command-line login was refused.
    #[error("this login was refused")]
    LoginRefused,
    /// The body is not what the route expects.
    #[error(transparent)]
    Body(#[from] Rejection),
    /// A value in the body is not allowed.
    #[error("{field}: {detail}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// Why.
        detail: &'static str,
    },
    /// There is none with this id, or it is somebody else's.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The state of things does not allow it.
    #[error("{detail}")]
    Conflict {
        /// What a program matches on.
        code: &'static str,
        /// Why.
        detail: &'static str,
    },
    /// It cannot be done, for a reason of its own.
    #[error("{detail}")]
    Refused {
        /// What a program matches on.
        code: &'static str,
        /// Why.
        detail: &'static str,
    },
    /// The sign-in message or its signature is not good.
    #[error(transparent)]
    SignIn(#[from] siwe::Refused),
    /// The nonce is unknown or was used.
    #[error("this challenge is unknown or was used already; ask for a new one")]
    UnknownChallenge,
    /// A contract wallet's chain cannot be asked now.
    #[error("the wallet's chain cannot be asked now; try again later")]
    ChainUnavailable,
    /// Too many tokens made in the window.
    #[error("too many tokens were created; try again later")]
    TokenCreationLimit {
        /// When the next one may be made.
        reset_at: OffsetDateTime,
        /// Seconds until then.
        retry_after: u64,
    },
    /// Too many live tokens.
    #[error("there are already {0} live tokens; delete one first")]
    TooManyTokens(u32),
    /// Nonces cannot be kept or taken now.
    #[error("the service is not available now; try again later")]
    Store(#[from] crate::store::StoreError),
    /// The database failed.
    #[error("internal error")]
    Database(#[from] sqlx::Error),
    /// The operating system gives no random bytes.
    #[error("internal error")]
    Random(#[from] getrandom::Error),
    /// A token could not be signed.
    #[error("internal error")]
    Signing,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Self::InvalidToken,
            Refused::Expired => Self::TokenExpired,
        }
    }
}

impl Error {
    /// Status and code of the answer.
    pub(crate) fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"),
            Self::TokenExpired => (StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED"),
            Self::InvalidRefreshToken => (StatusCode::UNAUTHORIZED, "INVALID_REFRESH_TOKEN"),
            Self::SessionRequired => (StatusCode::FORBIDDEN, "SESSION_REQUIRED"),
            Self::InsufficientScope => (StatusCode::FORBIDDEN, "INSUFFICIENT_SCOPE"),
            Self::WrongSecret => (StatusCode::UNAUTHORIZED, "WRONG_SECRET"),
            Self::LoginRefused => (StatusCode::FORBIDDEN, "LOGIN_REFUSED"),
            Self::Body(rejection) => rejection.kind(),
            Self::Invalid { .. } => (StatusCode::BAD_REQUEST, "INVALID_BODY"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::Conflict { code, .. } => (StatusCode::CONFLICT, code),
            Self::Refused { code, .. } => (StatusCode::BAD_REQUEST, code),
            Self::SignIn(refused) => (StatusCode::BAD_REQUEST, refused.code()),
            Self::UnknownChallenge => (StatusCode::NOT_FOUND, "CHALLENGE_NOT_FOUND"),
            Self::ChainUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "CHAIN_UNAVAILABLE"),
            Self::TokenCreationLimit { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED")
            }
            Self::TooManyTokens(_) => (StatusCode::BAD_REQUEST, "MAX_TOKENS_EXCEEDED"),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"),
            Self::Database(error) if is_away(error) => {
                (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")
            }
            Self::Database(_) | Self::Random(_) | Self::Signing => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
            }
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } => Some(field),
            Self::Body(Rejection::Shape { field, .. }) => Some(field),
            _ => None,
        }
    }

    /// The answer.
    pub(crate) fn problem(&self) -> Problem {
        let (status, code) = self.kind();
        let detail = match self {
            Self::Database(error) if is_away(error) => {
                "the service is not available now; try again later".into()
            }
            other => other.to_string(),
        };
        let mut problem = Problem::new(status, code, detail);
        if let Some(field) = self.field() {
            problem = problem.with("field", field);
        }
        if let Self::TokenCreationLimit { reset_at, retry_after } = self {
            problem = problem
                .with("resetAt", reset_at.format(&Rfc3339).unwrap_or_default())
                .header(axum::http::header::RETRY_AFTER, HeaderValue::from(*retry_after));
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer");
            problem = problem.header(WWW_AUTHENTICATE, challenge);
        }
        problem
    }

    /// Logs what an operator must know of.
    pub(crate) fn log(&self) {
        if self.kind().0.is_server_error() {
            tracing::error!(error = ?self, "request failed");
        }
    }
}

/// Whether the database is merely away: the caller may try again.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
        // Class 57: operator intervention (57P01 is a shutdown); class 53: out of connections.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("53"))
        }
        _ => false,
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        self.problem().into_response()
    }
}
