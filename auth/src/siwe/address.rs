//! Ethereum addresses.

use std::fmt;
use std::str::FromStr;

use super::Refused;

/// The 20 bytes of an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address(pub [u8; 20]);

impl FromStr for Address {
    type Err = Refused;

    /// `0x` and 40 hexadecimal digits: all lower case, all upper case, or cased as EIP-55 says.
    fn from_str(text: &str) -> Result<Self, Refused> {
        let digits = text.strip_prefix("0x").ok_or(Refused::Malformed)?;
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| Refused::Malformed)?;
        let address = Self(bytes);
        let lower = digits.bytes().any(|byte| byte.is_ascii_lowercase());
        let upper = digits.bytes().any(|byte| byte.is_ascii_uppercase());
        if lower && upper && address.checksummed() != text {
            return Err(Refused::Checksum);
        }
        Ok(address)
    }
}

impl Address {
    /// As it is stored: lower-case.
    #[must_use]
    pub fn lower(self) -> String {
        format!("0x{}", hex::encode(self.0))
    }

    /// As EIP-55 writes it.
    #[must_use]
    pub fn checksummed(self) -> String {
        siwe::eip55(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lower())
    }
}
