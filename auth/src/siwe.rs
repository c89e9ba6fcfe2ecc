//! Sign-In with Ethereum (EIP-4361): what a message must say, and who signed it.

pub mod address;
pub mod contract;
pub mod eip191;
pub mod message;
mod rpc;
pub(crate) mod signed;

/// Why a sign-in is refused. All of these are the caller's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a message as EIP-4361 writes it.
    #[error("the message is not a sign-in message as EIP-4361 writes it")]
    Malformed,
    /// Mixed case, and not the case that EIP-55 gives it.
    #[error("the address is mixed case and its EIP-55 checksum is wrong")]
    Checksum,
    /// For another site.
    #[error("the message is for another site")]
    Site,
    /// For a chain that is not allowed.
    #[error("sign-in is not offered on this chain")]
    Chain,
    /// Over.
    #[error("the challenge has expired; ask for a new one")]
    Expired,
    /// Not valid yet, or issued in the future.
    #[error("the message is not valid yet")]
    NotYet,
    /// Not the address that the request names.
    #[error("the message is of another wallet than the request says")]
    OtherAddress,
    /// Not the message that was issued.
    #[error("the message is not the one that was issued")]
    NotIssued,
    /// The signature was not made by the wallet in the message over this very text.
    #[error("the signature does not match the message and its wallet")]
    Signature,
    /// A contract of the same address is known on another chain.
    #[error("this wallet is a contract that is known on another chain; sign in on that one")]
    OtherChain,
    /// The signature can only be a contract's, and its chain cannot be asked.
    #[error("wallets that are contracts cannot sign in on this chain")]
    ContractsUnsupported,
}

impl Refused {
    /// What a program matches on.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "INVALID_MESSAGE",
            Self::Checksum => "INVALID_ADDRESS",
            Self::Site => "WRONG_SITE",
            Self::Chain => "CHAIN_NOT_ALLOWED",
            Self::Expired => "CHALLENGE_EXPIRED",
            Self::NotYet => "MESSAGE_NOT_YET_VALID",
            Self::OtherAddress => "ADDRESS_MISMATCH",
            Self::NotIssued => "MESSAGE_NOT_ISSUED",
            Self::Signature => "INVALID_SIGNATURE",
            Self::OtherChain => "CONTRACT_OF_ANOTHER_CHAIN",
            Self::ContractsUnsupported => "CONTRACT_WALLETS_UNSUPPORTED",
        }
    }
}
