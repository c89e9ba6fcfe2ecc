//! What one request may ask for, checked before any resolver runs.

mod bounds;
mod measure;
mod text;

pub use bounds::Limits;
pub(crate) use measure::measure;
pub(crate) use text::scan;

/// A bound that a request goes beyond. Each has a code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    /// Too many lexical tokens.
    #[error("the document has more than {0} tokens")]
    Tokens(usize),
    /// Too many directives.
    #[error("the document has more than {0} directives")]
    Directives(usize),
    /// Too deep.
    #[error("fields are nested more than {0} levels deep")]
    Depth(usize),
    /// Lists of introspection within each other, which multiply without bound.
    #[error("introspection lists are nested more than {0} levels deep")]
    Introspection(usize),
    /// Too many fields at the root.
    #[error("the operation has more than {0} fields at its root")]
    RootFields(usize),
    /// Too many aliases of one field.
    #[error("one field is asked for more than {0} times in the same place")]
    Aliases(usize),
    /// The answer could become too large.
    #[error("the answer could have more than {0} objects; ask for fewer with `first`")]
    Objects(u64),
    /// Fragments that spread each other.
    #[error("a fragment spreads itself")]
    Cycle,
}

impl Exceeded {
    /// What a program matches on.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Tokens(_) => "TOO_MANY_TOKENS",
            Self::Directives(_) => "TOO_MANY_DIRECTIVES",
            Self::Depth(_) => "QUERY_TOO_DEEP",
            Self::Introspection(_) => "INTROSPECTION_TOO_DEEP",
            Self::RootFields(_) => "TOO_MANY_ROOT_FIELDS",
            Self::Aliases(_) => "TOO_MANY_ALIASES",
            Self::Objects(_) => "QUERY_TOO_COMPLEX",
            Self::Cycle => "GRAPHQL_VALIDATION_FAILED",
        }
    }
}
