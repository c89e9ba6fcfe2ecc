//! Sign-In with Ethereum (EIP-4361): what a message must say, and who signed it.

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a message as EIP-4361 writes it.
    #[error("the message is not a sign-in message as EIP-4361 writes it")]
    Malformed,
    /// The signature was not made by the wallet in the message over this very text.
    #[error("the signature does not match the message and its wallet")]
    Signature,
}

impl Refused {
    /// What a program matches on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "INVALID_MESSAGE",
            Self::Signature => "INVALID_SIGNATURE",
        }
    }
}
