//! Documents that were checked already, by their text. Bounded by what they weigh, and a flood of
//! documents that are asked for once does not push out those in use.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache as Map;

use super::Prepared;

/// Documents expected at a time.
const USUAL: usize = 1024;
/// Bytes that all of them may take, roughly.
const MOST_BYTES: u64 = 32 * 1024 * 1024;
/// A parsed document takes about so many times its text.
const PER_BYTE: u64 = 24;
/// A longer text is parsed each time: no client that cares for speed sends one.
const LONGEST: usize = 16 * 1024;

pub(super) struct Cache(Map<Box<str>, Arc<Prepared>, ByText>);

#[derive(Clone)]
struct ByText;

impl Weighter<Box<str>, Arc<Prepared>> for ByText {
    fn weight(&self, text: &Box<str>, _: &Arc<Prepared>) -> u64 {
        1024 + text.len() as u64 * PER_BYTE
    }
}

impl Cache {
    pub(super) fn new() -> Self {
        Self(Map::with_weighter(USUAL, MOST_BYTES, ByText))
    }

    pub(super) fn get(&self, text: &str) -> Option<Arc<Prepared>> {
        self.0.get(text)
    }

    pub(super) fn insert(&self, text: &str, prepared: Arc<Prepared>) {
        if text.len() <= LONGEST {
            self.0.insert(text.into(), prepared);
        }
    }
}
