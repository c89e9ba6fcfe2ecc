//! Signatures of wallets that are contracts: the chain says whether they are good.
//!
//! - ERC-1271: the contract's own `isValidSignature`.
//! - ERC-6492: a wallet that is not deployed yet. Its signature says how it will be, and a
//!   validator that lives for one `eth_call` deploys it, asks it, and leaves nothing behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::OnceCell;
use url::Url;

use super::Refused;
use super::address::Address;
use super::rpc::{Failure, Rpc};
use crate::config::RpcUrls;
use crate::error::Error;

/// What every ERC-6492 signature ends with.
const WRAPPED: [u8; 32] = [
    0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92,
    0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92, 0x64, 0x92,
];
/// `isValidSignature(bytes32,bytes)`: its selector, and what it answers when the signature is good.
const IS_VALID_SIGNATURE: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];
/// The validator of ERC-6492 (`ValidateSigOffchain`), as viem (MIT) ships it.
const VALIDATOR: &str = include_str!("contract/validator.hex");
/// The longest signature that is passed on.
const MOST_BYTES: usize = 8 * 1024;

/// Asks wallets that are contracts; clones share what is known of the endpoints.
#[derive(Clone)]
pub struct Contracts {
    /// `None` when TLS cannot be set up on this machine.
    rpc: Option<Rpc>,
    endpoints: Arc<BTreeMap<u64, Endpoint>>,
}

struct Endpoint {
    url: Url,
    /// Set once the endpoint has said that it is of the chain it is configured for.
    is_right: OnceCell<()>,
}

impl Contracts {
    /// Prepares connections to `urls`; opens none.
    #[must_use]
    pub fn new(urls: &RpcUrls) -> Self {
        let endpoint = |(chain, url): (u64, &Url)| {
            (chain, Endpoint { url: url.clone(), is_right: OnceCell::new() })
        };
        let endpoints = Arc::new(urls.iter().map(endpoint).collect::<BTreeMap<_, _>>());
        let rpc = if endpoints.is_empty() { None } else { Rpc::new().inspect_err(report).ok() };
        Self { rpc, endpoints }
    }

    /// Whether wallets that are contracts may sign in on `chain`.
    #[must_use]
    pub fn serve(&self, chain: u64) -> bool {
        self.endpoints.contains_key(&chain)
    }

    /// Asks `wallet` on `chain` whether `signature` over `hash` is its own.
    pub(crate) async fn verify(
        &self,
        chain: u64,
        wallet: Address,
        hash: &[u8; 32],
        signature: &[u8],
    ) -> Result<(), Error> {
        let endpoint = self.endpoints.get(&chain).ok_or(Refused::ContractsUnsupported)?;
        if signature.len() > MOST_BYTES {
            return Err(Refused::Signature.into());
        }
        match self.is_valid(chain, endpoint, wallet, hash, signature).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(Failure::Reverted) => Err(Refused::Signature.into()),
            Err(Failure::Unavailable(cause)) => {
                tracing::warn!(chain, cause, "a chain's endpoint gives no answer");
                Err(Error::ChainUnavailable)
            }
        }
    }

    async fn is_valid(
        &self,
        chain: u64,
        endpoint: &Endpoint,
        wallet: Address,
        hash: &[u8; 32],
        signature: &[u8],
    ) -> Result<bool, Failure> {
        let rpc = self.rpc.as_ref().ok_or(Failure::Unavailable("cannot be called from here"))?;
        endpoint.is_right.get_or_try_init(|| check_chain(rpc, chain, &endpoint.url)).await?;
        let is_wrapped = signature.ends_with(&WRAPPED);
        let call = if is_wrapped {
            json!({ "data": validator_call(wallet, hash, signature) })
        } else {
            json!({ "to": wallet.lower(), "data": wallet_call(hash, signature) })
        };
        let answer = rpc.bytes(&endpoint.url, "eth_call", json!([call, "latest"])).await?;
        Ok(if is_wrapped { is_true(&answer) } else { is_magic(&answer) })
    }
}

/// An endpoint of another chain would vouch for contracts that are somebody else's here.
async fn check_chain(rpc: &Rpc, chain: u64, url: &Url) -> Result<(), Failure> {
    match rpc.quantity(url, "eth_chainId").await? {
        answer if answer == chain => Ok(()),
        _ => Err(Failure::Unavailable("is of another chain")),
    }
}

fn report(error: &reqwest::Error) {
    tracing::error!(%error, "wallets that are contracts cannot sign in: TLS cannot be set up");
}

/// Exactly the magic value, padded to a word.
fn is_magic(answer: &[u8]) -> bool {
    answer.len() == 32 && answer.starts_with(&IS_VALID_SIGNATURE) && answer[4..] == [0; 28]
}

/// Exactly 1, as one byte or as a word.
fn is_true(answer: &[u8]) -> bool {
    matches!(answer.len(), 1 | 32)
        && answer
            .split_last()
            .is_some_and(|(last, rest)| *last == 1 && rest.iter().all(|b| *b == 0))
}

/// `isValidSignature(hash, signature)`.
fn wallet_call(hash: &[u8; 32], signature: &[u8]) -> String {
    let mut data = IS_VALID_SIGNATURE.to_vec();
    data.extend_from_slice(hash);
    push_bytes(&mut data, 0x40, signature);
    format!("0x{}", hex::encode(data))
}

/// The validator, and its constructor's arguments `(wallet, hash, signature)`.
fn validator_call(wallet: Address, hash: &[u8; 32], signature: &[u8]) -> String {
    let mut data = vec![0; 12];
    data.extend_from_slice(&wallet.0);
    data.extend_from_slice(hash);
    push_bytes(&mut data, 0x60, signature);
    let code = VALIDATOR.split_ascii_whitespace().collect::<String>();
    format!("0x{code}{}", hex::encode(data))
}

/// The last argument: where it begins, how long it is, and the bytes in whole words.
fn push_bytes(data: &mut Vec<u8>, offset: u8, bytes: &[u8]) {
    data.extend_from_slice(&word(u64::from(offset)));
    data.extend_from_slice(&word(bytes.len() as u64));
    data.extend_from_slice(bytes);
    let padding = bytes.len().next_multiple_of(32) - bytes.len();
    data.resize(data.len() + padding, 0);
}

fn word(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

#[cfg(test)]
mod tests;
