//! The development wallet: an Ethereum key that signs in as a browser's wallet would.

use anyhow::Context as _;
use k256::ecdsa::SigningKey;
use sha3::{Digest as _, Keccak256};

use crate::folder::Folder;

const FILE: &str = "wallet.key";

/// A key and its address.
pub(crate) struct Wallet {
    key: SigningKey,
    address: String,
}

impl Wallet {
    /// The folder's wallet, made on the first start.
    pub(crate) fn open(folder: &Folder) -> anyhow::Result<Self> {
        let key = if let Some(text) = folder.read(FILE)? {
            let bytes = hex::decode(text).ok();
            bytes.and_then(|bytes| SigningKey::from_slice(&bytes).ok()).with_context(|| {
                let path = folder.join(FILE);
                format!("{} is no private key; remove it to get a new wallet", path.display())
            })?
        } else {
            let key = SigningKey::from_slice(&crate::demo::random::<32>()?)?;
            folder.write(FILE, &hex::encode(key.to_bytes()))?;
            key
        };
        let public = key.verifying_key().to_encoded_point(false);
        let hash = Keccak256::digest(&public.as_bytes()[1..]);
        let address = format!("0x{}", hex::encode(&hash[12..]));
        Ok(Self { key, address })
    }

    /// Its address, lower-case.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Signs a text as `personal_sign` does (EIP-191, version 0x45).
    pub(crate) fn sign(&self, text: &str) -> anyhow::Result<String> {
        let prefix = format!("\x19Ethereum Signed Message:\n{}", text.len());
        let digest = Keccak256::new().chain_update(prefix).chain_update(text);
        let (signature, recovery) = self.key.sign_digest_recoverable(digest)?;
        let v = 27 + recovery.to_byte();
        Ok(format!("0x{}{v:02x}", hex::encode(signature.to_bytes())))
    }
}
