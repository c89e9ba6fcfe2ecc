//! The text of a refresh token, and how a used one keeps its successor.

use ring::digest::{SHA256, digest};
use ring::hmac;

/// How every refresh token starts, so that scanners and people can tell.
const PREFIX: &str = "afr_";

/// A refresh token: 256 random bits. No `Debug`: it is a secret.
pub(crate) struct RefreshToken([u8; 32]);

impl RefreshToken {
    /// Makes one.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads one; `None` when the text cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix(PREFIX)?, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// What is stored in its place.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        hash
    }

    /// The text for the client.
    pub(crate) fn reveal(&self) -> String {
        format!("{PREFIX}{}", hex::encode(self.0))
    }

    /// `successor`, readable only by who holds this token: a one-time pad, made of this token's
    /// own bits. A token has one successor, so the pad is used once.
    pub(crate) fn seal(&self, successor: &Self) -> [u8; 32] {
        self.pad(&successor.0)
    }

    /// The successor in `sealed`.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Self> {
        Some(Self(self.pad(sealed.try_into().ok()?)))
    }

    fn pad(&self, bytes: &[u8; 32]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let pad = hmac::sign(&key, b"successor of a refresh token");
        let mut padded = *bytes;
        padded.iter_mut().zip(pad.as_ref()).for_each(|(byte, pad)| *byte ^= pad);
        padded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_reads_its_successor() {
        let [token, successor, other] = [(); 3].map(|()| RefreshToken::generate().unwrap());

        let sealed = token.seal(&successor);

        assert_ne!(sealed, successor.0);
        assert_eq!(token.open(&sealed).unwrap().0, successor.0);
        assert_ne!(other.open(&sealed).unwrap().0, successor.0);
        assert!(token.open(&sealed[1..]).is_none());
    }

    #[test]
    fn the_text_is_read_back_and_nothing_else_is() {
        let token = RefreshToken::generate().unwrap();
        let text = token.reveal();
        assert_eq!(RefreshToken::parse(&text).unwrap().0, token.0);
        for bad in ["", "afr_", &text[4..], &text[..67], &format!("{text}0"), "afr_é"] {
            assert!(RefreshToken::parse(bad).is_none(), "{bad}");
        }
    }
}
