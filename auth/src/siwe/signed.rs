//! A signed message from a request: from its text to the wallet that proved itself.

use serde::Deserialize;
use utoipa::ToSchema;

use super::address::Address;
use super::message::{self, Expected, Message};
use super::{Refused, eip191};
use crate::error::Error;
use crate::nonce::Subject;
use crate::state::AppState;

/// A message and the signature over it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Signed {
    /// The text, exactly as the wallet showed it.
    pub(crate) message: String,
    /// Hexadecimal, with 0x.
    pub(crate) signature: String,
    /// The wallet, where the caller names it again.
    pub(crate) address: Option<String>,
}

/// A wallet that has proven itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wallet {
    /// Lower-case.
    pub(crate) address: String,
    /// The chain that vouched for it, when it is a contract. A plain account is the same on all
    /// chains; at a contract's address there may be somebody else's on another chain.
    pub(crate) contract_chain: Option<i64>,
}

impl Wallet {
    /// Whether this is the wallet that is known under its address.
    pub(crate) fn is_known_as(&self, contract_chain: Option<i64>) -> Result<(), Error> {
        // A contract where a plain account is known acts for that account: nobody else can put
        // one there. And nobody has the key of an address that was derived for a contract.
        match (contract_chain, self.contract_chain) {
            (Some(known), Some(chain)) if known != chain => Err(Refused::OtherChain.into()),
            _ => Ok(()),
        }
    }
}

/// Checks the message, uses up its nonce, and checks the signature, in this order: only who knows
/// a nonce can use it up, and no signature is ever checked twice.
pub(crate) async fn verify(state: &AppState, signed: &Signed) -> Result<Wallet, Error> {
    let (site, chains) = (&state.config.app_url, &state.config.chains);
    let expected = Expected { site, chains, now: state.clock.now() };
    let message = message::read(&signed.message, expected)?;
    if let Some(address) = &signed.address
        && address.parse::<Address>()? != message.address
    {
        return Err(Refused::OtherAddress.into());
    }
    let signature = decode(&signed.signature)?;
    let life = message::LIFE.unsigned_abs();
    let issued = state.store.use_up(&message.nonce, life).await?.ok_or(Error::UnknownChallenge)?;
    issued.admit(subject(&message, &signed.message))?;
    let contract_chain = check_signature(state, &message, &signed.message, &signature).await?;
    Ok(Wallet { address: message.address.lower(), contract_chain })
}

fn decode(signature: &str) -> Result<Vec<u8>, Refused> {
    let digits = signature.strip_prefix("0x").unwrap_or(signature);
    let bytes = hex::decode(digits).map_err(|_| Refused::Signature)?;
    if bytes.is_empty() { Err(Refused::Signature) } else { Ok(bytes) }
}

/// What `text` would have been issued as. Wherever it is cut, it is the issued text if its parts are.
fn subject<'a>(message: &Message, text: &'a str) -> Subject<'a> {
    let (head, tail) = text.split_once(&message.nonce).unwrap_or((text, ""));
    Subject { address: message.address, head, tail }
}

async fn check_signature(
    state: &AppState,
    message: &Message,
    text: &str,
    signature: &[u8],
) -> Result<Option<i64>, Error> {
    let hash = eip191::hash(text);
    let plain = <&[u8; 65]>::try_from(signature).ok();
    if plain.and_then(|plain| eip191::recover(&hash, plain)) == Some(message.address) {
        return Ok(None);
    }
    // A contract may well take 65 bytes, too: only its chain can say no.
    if plain.is_some() && !state.contracts.serve(message.chain) {
        return Err(Refused::Signature.into());
    }
    state.contracts.verify(message.chain, message.address, &hash, signature).await?;
    Ok(i64::try_from(message.chain).ok())
}
