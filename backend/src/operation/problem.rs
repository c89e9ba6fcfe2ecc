//! What keeps an operation from running, before any resolver has run.

use async_graphql::parser::Error as ParseError;
use async_graphql::{Pos, ServerError};

use crate::limits::Exceeded;
use crate::variables::Mismatch;

/// Why it may not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// A bound is exceeded.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    /// It is no GraphQL.
    #[error("{message}")]
    Parse {
        /// What the parser expected.
        message: String,
        /// Where.
        locations: Vec<Pos>,
    },
    /// It does not fit the schema.
    #[error("the document is not valid")]
    Invalid(Vec<ServerError>),
    /// A variable does not fit.
    #[error(transparent)]
    Variable(#[from] Mismatch),
    /// It asks about the schema where that is nobody's business.
    #[error("introspection is off")]
    Introspection,
    /// There are several operations and none was named.
    #[error("the document has several operations; name one with `operationName`")]
    NameRequired,
    /// The operation that was named is not there.
    #[error("the document has no operation with this `operationName`")]
    NoSuchOperation,
}

impl Problem {
    pub(super) fn parse(error: &ParseError) -> Self {
        Self::Parse { message: error.to_string(), locations: error.positions().collect() }
    }

    /// As errors of a response, with their codes.
    pub(crate) fn into_errors(self) -> Vec<ServerError> {
        let message = self.to_string();
        let (code, locations) = match self {
            Self::Invalid(errors) => {
                let coded = |error| with_code(error, "GRAPHQL_VALIDATION_FAILED");
                return errors.into_iter().map(coded).collect();
            }
            Self::Parse { locations, .. } => ("GRAPHQL_PARSE_FAILED", locations),
            Self::Introspection => ("INTROSPECTION_DISABLED", Vec::new()),
            Self::Exceeded(exceeded) => (exceeded.code(), Vec::new()),
            Self::Variable(_) | Self::NameRequired | Self::NoSuchOperation => {
                ("BAD_USER_INPUT", Vec::new())
            }
        };
        let mut error = ServerError::new(message, None);
        error.locations = locations;
        vec![with_code(error, code)]
    }
}

fn with_code(mut error: ServerError, code: &str) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code);
    error
}
