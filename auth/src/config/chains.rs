//! Chains that wallets may sign in on, and where their contracts are asked.

use std::collections::BTreeMap;
use std::str::FromStr;

use url::Url;

/// `CHAIN_IDS`: the EIP-155 ids that a sign-in message may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chains(Vec<u64>);

/// The text is no list of chain ids.
#[derive(Debug, thiserror::Error)]
#[error("not a list of chain ids")]
pub struct NotChains;

impl Chains {
    /// What the settings say about it.
    pub const SHAPE: &str = "a list of EIP-155 chain ids, the default one first, such as 1,8453";
    /// Ethereum, then Optimism, Polygon, Base, Arbitrum, Linea, and the test network Sepolia.
    pub const DEFAULT: &str = "1,10,137,8453,42161,59144,11155111";

    /// Whether a message may name `chain`.
    #[must_use]
    pub fn allow(&self, chain: u64) -> bool {
        self.0.contains(&chain)
    }

    /// The one a challenge names unless asked for another.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.0.first().copied().unwrap_or(1)
    }
}

impl FromStr for Chains {
    type Err = NotChains;

    fn from_str(text: &str) -> Result<Self, NotChains> {
        let id = |entry: &str| entry.trim().parse().ok().filter(|id| *id > 0);
        let ids = text.split(',').map(id).collect::<Option<Vec<u64>>>();
        ids.filter(|ids| !ids.is_empty()).map(Self).ok_or(NotChains)
    }
}

/// `ETH_RPC_URLS`: the JSON-RPC endpoint of each chain whose contract wallets may sign in. No
/// `Debug`: the addresses often hold a key.
#[derive(Clone, Default)]
pub struct RpcUrls(BTreeMap<u64, Url>);

/// The text is no list of endpoints.
#[derive(Debug, thiserror::Error)]
#[error("not a list of endpoints")]
pub struct NotRpcUrls;

impl RpcUrls {
    /// What the settings say about it.
    pub const SHAPE: &str = "a list of chain=URL, such as 1=https://rpc.example.org,8453=https://base.example.org; without it contract wallets cannot sign in";

    /// Chains and their endpoints.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Url)> {
        self.0.iter().map(|(chain, url)| (*chain, url))
    }
}

impl FromStr for RpcUrls {
    type Err = NotRpcUrls;

    fn from_str(text: &str) -> Result<Self, NotRpcUrls> {
        let entry = |entry: &str| {
            let (chain, url) = entry.split_once('=')?;
            let url = Url::parse(url.trim()).ok()?;
            matches!(url.scheme(), "http" | "https").then_some((chain.trim().parse().ok()?, url))
        };
        let entries = text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(entry);
        entries.collect::<Option<BTreeMap<_, _>>>().map(Self).ok_or(NotRpcUrls)
    }
}
