//! Automatic persisted queries: a document by its hash, once we have seen it.
//!
//! Only documents that are valid here are kept, under a hash that we computed: nobody can place one
//! under another's hash, and the memory they take is bounded.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use ring::digest;
use serde::Deserialize;

/// Documents expected at a time.
const USUAL: usize = 1024;
/// Bytes of text that are kept.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// `extensions.persistedQuery`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reference {
    version: u32,
    sha256_hash: String,
}

/// Why a reference leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The text is sent along next time.
    #[error("PersistedQueryNotFound")]
    NotFound,
    /// Another version of the protocol, or no hash at all.
    #[error("PersistedQueryNotSupported")]
    NotSupported,
    /// The text has another hash.
    #[error("the provided sha256Hash is not the hash of the query")]
    Mismatch,
}

impl Refused {
    /// What a program matches on.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::NotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::Mismatch => "PERSISTED_QUERY_HASH_MISMATCH",
        }
    }
}

type Hash = [u8; 32];

/// The documents we have seen.
pub(crate) struct Persisted(Cache<Hash, Arc<str>, ByText>);

#[derive(Clone)]
struct ByText;

impl Weighter<Hash, Arc<str>> for ByText {
    fn weight(&self, _: &Hash, text: &Arc<str>) -> u64 {
        128 + text.len() as u64
    }
}

impl Persisted {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(USUAL, MOST_BYTES, ByText))
    }

    /// The document that is meant: by its hash alone, or checked against it.
    pub(crate) fn find(&self, reference: &Reference, text: Option<&str>) -> Result<Found, Refused> {
        let hash = parse(reference).ok_or(Refused::NotSupported)?;
        match text {
            None => self.0.get(&hash).map(Found::Known).ok_or(Refused::NotFound),
            Some(text) if hash_of(text) == hash => Ok(Found::New(hash)),
            Some(_) => Err(Refused::Mismatch),
        }
    }

    /// Keeps a document that has proven valid.
    pub(crate) fn keep(&self, hash: Hash, text: &str) {
        self.0.insert(hash, text.into());
    }
}

/// A document by reference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Seen before.
    Known(Arc<str>),
    /// Came along; to be kept under this hash if it is valid.
    New(Hash),
}

fn hash_of(text: &str) -> Hash {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

fn parse(reference: &Reference) -> Option<Hash> {
    let text = reference.sha256_hash.as_bytes();
    if reference.version != 1 || text.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(text.chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Reference {
        let [high, low] = [0, 16].map(|at| {
            let half = hash_of(text)[at..].first_chunk::<16>().copied().unwrap();
            u128::from_be_bytes(half)
        });
        Reference { version: 1, sha256_hash: format!("{high:032x}{low:032x}") }
    }

    #[test]
    fn a_document_is_found_by_its_hash_once_it_was_kept() {
        let persisted = Persisted::new();
        let a = reference("{ a }");
        assert_eq!(persisted.find(&a, None), Err(Refused::NotFound));

        let Ok(Found::New(hash)) = persisted.find(&a, Some("{ a }")) else { panic!("not new") };
        persisted.keep(hash, "{ a }");

        assert_eq!(persisted.find(&a, None), Ok(Found::Known("{ a }".into())));
    }

    #[test]
    fn a_document_under_another_hash_is_refused() {
        let persisted = Persisted::new();
        assert_eq!(persisted.find(&reference("{ a }"), Some("{ b }")), Err(Refused::Mismatch));
        let odd = Reference { version: 2, ..reference("{ a }") };
        assert_eq!(persisted.find(&odd, Some("{ a }")), Err(Refused::NotSupported));
        let short = Reference { version: 1, sha256_hash: "é".repeat(32) };
        assert_eq!(persisted.find(&short, None), Err(Refused::NotSupported));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let persisted = Persisted::new();
        let text = "x".repeat(100_000);
        for n in 0..500_usize {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            persisted.keep(hash, &text);
        }
        assert!(persisted.0.weight() <= MOST_BYTES);
    }
}
