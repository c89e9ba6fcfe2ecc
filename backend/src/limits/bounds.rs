//! The bounds and the settings that change them.

use std::time::Duration;

use shared::env::Reader;

/// Bounds of a request, each of its own variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Levels of nested fields: `GRAPHQL_MAX_DEPTH`.
    pub depth: usize,
    /// Objects the answer may have at most: `GRAPHQL_MAX_OBJECTS`.
    pub objects: u64,
    /// Fields at the root: `GRAPHQL_MAX_ROOT_FIELDS`.
    pub root_fields: usize,
    /// Aliases of one field of one object: `GRAPHQL_MAX_ALIASES`.
    pub aliases: usize,
    /// Directives in the document: `GRAPHQL_MAX_DIRECTIVES`.
    pub directives: usize,
    /// Lexical tokens in the document: `GRAPHQL_MAX_TOKENS`.
    pub tokens: usize,
    /// Bytes of a body: `GRAPHQL_MAX_BODY`.
    pub body: usize,
    /// How long a request may take: `GRAPHQL_TIMEOUT`, in seconds.
    pub timeout: Duration,
    /// Subscriptions of one socket: `GRAPHQL_MAX_SUBSCRIPTIONS`.
    pub subscriptions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 10,
            objects: 50_000,
            root_fields: 30,
            aliases: 15,
            directives: 20,
            tokens: 5000,
            body: 256 * 1024,
            timeout: Duration::from_secs(10),
            subscriptions: 20,
        }
    }
}

impl Limits {
    /// Reads every bound; `None` when any is malformed.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        let mut number = |name, shape, default| env.or::<u32>(name, shape, default);
        let depth = number("GRAPHQL_MAX_DEPTH", "levels of nested fields", "10");
        let objects = number("GRAPHQL_MAX_OBJECTS", "objects an answer may have", "50000");
        let root_fields = number("GRAPHQL_MAX_ROOT_FIELDS", "fields at the root", "30");
        let aliases = number("GRAPHQL_MAX_ALIASES", "aliases of one field", "15");
        let directives = number("GRAPHQL_MAX_DIRECTIVES", "directives in a document", "20");
        let tokens = number("GRAPHQL_MAX_TOKENS", "tokens in a document", "5000");
        let body = number("GRAPHQL_MAX_BODY", "bytes of a request body", "262144");
        let timeout = number("GRAPHQL_TIMEOUT", "seconds a request may take", "10");
        let subscriptions =
            number("GRAPHQL_MAX_SUBSCRIPTIONS", "subscriptions of one socket", "20");
        Some(Self {
            depth: depth? as usize,
            objects: u64::from(objects?),
            root_fields: root_fields? as usize,
            aliases: aliases? as usize,
            directives: directives? as usize,
            tokens: tokens? as usize,
            body: body? as usize,
            timeout: Duration::from_secs(u64::from(timeout?)),
            subscriptions: subscriptions? as usize,
        })
    }
}
