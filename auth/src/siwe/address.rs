//! Ethereum addresses.

use std::fmt;
use std::str::FromStr;

use sha3::{Digest, Keccak256};

use super::Refused;

/// The 20 bytes of an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address(pub [u8; 20]);

/// An address and how EIP-55 writes it, which costs a hash: worked out once.
#[derive(Clone, Debug)]
pub struct Checksummed {
    /// The account.
    pub address: Address,
    /// The text.
    pub text: String,
}

impl From<Address> for Checksummed {
    fn from(address: Address) -> Self {
        Self { address, text: address.checksummed() }
    }
}

impl FromStr for Address {
    type Err = Refused;

    /// `0x` and 40 hexadecimal digits: all lower case, all upper case, or cased as EIP-55 says.
    fn from_str(text: &str) -> Result<Self, Refused> {
        let address = read(text)?;
        if is_mixed(text) && address.checksummed() != text {
            return Err(Refused::Checksum);
        }
        Ok(address)
    }
}

impl FromStr for Checksummed {
    type Err = Refused;

    /// As for [`Address`].
    fn from_str(text: &str) -> Result<Self, Refused> {
        let checksummed = Self::from(read(text)?);
        if is_mixed(text) && checksummed.text != text {
            return Err(Refused::Checksum);
        }
        Ok(checksummed)
    }
}

fn read(text: &str) -> Result<Address, Refused> {
    let digits = text.strip_prefix("0x").ok_or(Refused::Malformed)?;
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| Refused::Malformed)?;
    Ok(Address(bytes))
}

fn is_mixed(text: &str) -> bool {
    let digits = &text.as_bytes()[2..];
    digits.iter().any(u8::is_ascii_lowercase) && digits.iter().any(u8::is_ascii_uppercase)
}

impl Address {
    /// As it is stored: lower-case.
    #[must_use]
    pub fn lower(self) -> String {
        format!("0x{}", hex::encode(self.0))
    }

    /// As EIP-55 writes it: a letter is upper case where the hash of the digits has a high half-byte.
    #[must_use]
    pub fn checksummed(self) -> String {
        let mut text = *b"0x0000000000000000000000000000000000000000";
        let digits = &mut text[2..];
        // There is room for exactly these.
        let _ = hex::encode_to_slice(self.0, digits);
        let hash = Keccak256::digest(&*digits);
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(hash) {
            if byte & 0x80 != 0 {
                pair[0].make_ascii_uppercase();
            }
            if byte & 0x08 != 0 {
                pair[1].make_ascii_uppercase();
            }
        }
        // Letters and digits are UTF-8.
        str::from_utf8(&text).unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lower())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_checksum_is_the_one_that_others_write(bytes in any::<[u8; 20]>()) {
            let address = Address(bytes);
            let text = address.checksummed();
            prop_assert_eq!(&text, &siwe::eip55(&bytes));
            prop_assert_eq!(text.parse::<Address>(), Ok(address));
            prop_assert_eq!(text.parse::<Checksummed>().map(|read| read.text), Ok(text));
        }
    }
}
