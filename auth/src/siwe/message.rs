//! The text of a sign-in message: how we write it, and how strictly we read it.

use std::fmt::Write as _;

use siwe::{Message as Parsed, Version};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::Refused;
use super::address::{Address, Checksummed};
use crate::config::{Chains, Origin};

/// How long a challenge may be answered.
pub const LIFE: Duration = Duration::minutes(15);
/// How far ahead of ours a wallet's clock may be.
const SKEW: Duration = Duration::seconds(60);
/// Room for a message as we write it.
const USUAL_BYTES: usize = 512;
/// The longest text that is read.
const MOST_BYTES: usize = 4096;
const STATEMENT: &str = "Sign in to Alternate Futures";
const PREAMBLE: &str = " wants you to sign in with your Ethereum account:";

/// What we ask a wallet to sign, but for its nonce: that depends on all else.
pub struct Draft {
    text: String,
    /// Where the nonce is to stand.
    place: usize,
}

impl Draft {
    /// The message with which `wallet` signs in to `site` on `chain`.
    #[must_use]
    pub fn new(site: &Origin, wallet: &Checksummed, chain: u64, now: OffsetDateTime) -> Self {
        let mut text = String::with_capacity(USUAL_BYTES);
        for part in [
            site.authority(),
            PREAMBLE,
            "\n",
            &wallet.text,
            "\n\n",
            STATEMENT,
            "\n\nURI: ",
            site.as_str(),
            "\nVersion: 1\nChain ID: ",
        ] {
            text.push_str(part);
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{chain}\nNonce: ");
        let place = text.len();
        for part in
            ["\nIssued At: ", &timestamp(now), "\nExpiration Time: ", &timestamp(now + LIFE)]
        {
            text.push_str(part);
        }
        Self { text, place }
    }

    /// What stands before the nonce, and after it.
    #[must_use]
    pub fn around(&self) -> (&str, &str) {
        self.text.split_at(self.place)
    }

    /// The whole message.
    #[must_use]
    pub fn with(mut self, nonce: &str) -> String {
        self.text.insert_str(self.place, nonce);
        self.text
    }
}

/// RFC 3339 with milliseconds and no more: some wallets choke on nanoseconds.
fn timestamp(at: OffsetDateTime) -> String {
    let milliseconds = at.nanosecond() / 1_000_000 * 1_000_000;
    at.replace_nanosecond(milliseconds).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// A message that says what it must. Who signed it is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The wallet that is to have signed it.
    pub address: Address,
    /// The chain it signs in on.
    pub chain: u64,
    /// The nonce, letters and digits.
    pub nonce: String,
}

/// What holds for every message to this service.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The site that people sign in to.
    pub site: &'a Origin,
    /// Chains they may sign in on.
    pub chains: &'a Chains,
    /// The time.
    pub now: OffsetDateTime,
}

/// Reads `text` and checks everything but the nonce and the signature.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str, expected: Expected<'_>) -> Result<Message, Refused> {
    let Expected { site, chains, now } = expected;
    let parsed = parse(text, site.scheme())?;
    let address = Address(parsed.address);
    if parsed.version != Version::V1 || !is_nonce(&parsed.nonce) {
        return Err(Refused::Malformed);
    }
    if parsed.domain.as_str() != site.authority() || !is_of(parsed.uri.as_str(), site.as_str()) {
        return Err(Refused::Site);
    }
    if !chains.allow(parsed.chain_id) {
        return Err(Refused::Chain);
    }
    let issued = *parsed.issued_at.as_ref();
    let expires = parsed.expiration_time.as_ref().map_or(issued + LIFE, |at| *at.as_ref());
    if issued > now + SKEW || parsed.not_before.as_ref().is_some_and(|at| *at.as_ref() > now) {
        return Err(Refused::NotYet);
    }
    if expires <= now || issued + LIFE + SKEW <= now {
        return Err(Refused::Expired);
    }
    Ok(Message { address, chain: parsed.chain_id, nonce: parsed.nonce })
}

/// The crate reads past what stands on the lines that must be blank, and only knows checksummed
/// addresses and domains without a scheme. So the text is brought into that form first, and what
/// was read must print as exactly the text again: nothing in it can go unread.
fn parse(text: &str, scheme: &str) -> Result<Parsed, Refused> {
    let printable = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    if text.len() > MOST_BYTES || !text.bytes().all(printable) {
        return Err(Refused::Malformed);
    }
    let mut lines = text.splitn(3, '\n');
    let (Some(first), Some(second), Some(rest)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(Refused::Malformed);
    };
    let domain =
        first.strip_prefix(scheme).and_then(|first| first.strip_prefix("://")).unwrap_or(first);
    let address = second.parse::<Checksummed>()?.text;
    let text = format!("{domain}\n{address}\n{rest}");
    let parsed = text.parse::<Parsed>().map_err(|_| Refused::Malformed)?;
    if parsed.to_string() == text { Ok(parsed) } else { Err(Refused::Malformed) }
}

/// Whether `uri` is on the site `origin`.
fn is_of(uri: &str, origin: &str) -> bool {
    uri.strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn is_nonce(nonce: &str) -> bool {
    (8..=64).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
