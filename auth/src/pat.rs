//! The text of a Personal Access Token: `af_live_`, 32 random base62 characters, and 6 more that
//! are the CRC-32 of all before them, so that a typo is refused without a query and secret
//! scanners can tell a token from a string that looks like one.

use ring::digest::{SHA256, digest};
use shared::api::Scope;

use crate::{base62, random};

/// How every token starts.
pub const PREFIX: &str = "af_live_";
const RANDOM: usize = 32;
const CHECKSUM: usize = 6;
const LENGTH: usize = PREFIX.len() + RANDOM + CHECKSUM;

/// A fresh token. No `Debug`: it is a secret.
pub struct Plaintext(String);

impl Plaintext {
    /// Makes one of random bytes from the operating system.
    ///
    /// # Errors
    /// The system gives none.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut text = format!("{PREFIX}{}", random::alphanumeric(RANDOM)?);
        text.push_str(&checksum(&text));
        Ok(Self(text))
    }

    /// What is stored in its place.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    /// Its last four characters, for display.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.0[LENGTH - 4..]
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn reveal(self) -> String {
        self.0
    }
}

/// The hash under which `text` is stored, if it is a token at all.
#[must_use]
pub fn parse(text: &str) -> Option<[u8; 32]> {
    let body = text.strip_prefix(PREFIX)?;
    if text.len() != LENGTH || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let (random, given) = text.split_at(LENGTH - CHECKSUM);
    (checksum(random) == given).then(|| sha256(text))
}

/// How a token is shown in lists.
#[must_use]
pub fn mask(last_four: &str) -> String {
    format!("{PREFIX}…{last_four}")
}

/// The scopes of a row; the database admits no others.
#[must_use]
pub fn scopes(names: &[String]) -> Vec<Scope> {
    let scope = |name: &String| match name.as_str() {
        "read" => Some(Scope::Read),
        "write" => Some(Scope::Write),
        _ => None,
    };
    names.iter().filter_map(scope).collect()
}

/// Scopes as a row has them.
#[must_use]
pub fn scope_names(scopes: &[Scope]) -> Vec<&'static str> {
    let name = |scope: &Scope| match scope {
        Scope::Read => "read",
        Scope::Write => "write",
    };
    scopes.iter().map(name).collect()
}

/// CRC-32 of `text` as six base62 digits: 62^6 is more than 2^32.
fn checksum(text: &str) -> String {
    let mut digits = [0; CHECKSUM];
    base62::write(crc32fast::hash(text.as_bytes()).into(), &mut digits);
    digits.into_iter().map(char::from).collect()
}

fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests;
