//! Signatures of plain accounts over a text (EIP-191, version 0x45: `personal_sign`).

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha3::{Digest, Keccak256};

use super::address::Address;

/// The 32 bytes that a wallet signs for `text`.
#[must_use]
pub fn hash(text: &str) -> [u8; 32] {
    Keccak256::new()
        .chain_update("\x19Ethereum Signed Message:\n")
        .chain_update(text.len().to_string())
        .chain_update(text)
        .finalize()
        .into()
}

/// Who made `signature` over `hash`: `r || s || v` with v of 0, 1, 27 or 28. A signature with the
/// higher of the two possible `s` is refused, as Ethereum does since EIP-2.
#[must_use]
pub fn recover(hash: &[u8; 32], signature: &[u8; 65]) -> Option<Address> {
    let [pair @ .., v] = signature;
    let is_odd = match v {
        0 | 27 => false,
        1 | 28 => true,
        _ => return None,
    };
    let signature = Signature::from_slice(pair).ok()?;
    if signature.normalize_s().is_some() {
        return None;
    }
    let id = RecoveryId::new(is_odd, false);
    let key = VerifyingKey::recover_from_prehash(hash, &signature, id).ok()?;
    Some(of_key(&key))
}

/// The address of a public key: the last 20 bytes of its Keccak-256.
#[must_use]
pub fn of_key(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    let digest = Keccak256::digest(&point.as_bytes()[1..]);
    let mut address = [0; 20];
    address.copy_from_slice(&digest[12..]);
    Address(address)
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::SigningKey;
    use proptest::prelude::*;

    use super::*;

    fn signed(text: &str) -> (Address, [u8; 32], [u8; 65]) {
        let key = SigningKey::from_slice(&[7; 32]).unwrap();
        let hash = hash(text);
        let (signature, id) = key.sign_prehash_recoverable(&hash).unwrap();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + id.to_byte();
        (of_key(key.verifying_key()), hash, bytes)
    }

    #[test]
    fn the_signer_is_found_with_v_as_wallets_write_it() {
        let (address, hash, mut signature) = signed("hello");
        assert_eq!(recover(&hash, &signature), Some(address));
        signature[64] -= 27;
        assert_eq!(recover(&hash, &signature), Some(address));
        for v in [2, 26, 29, 54, 255] {
            signature[64] = v;
            assert_eq!(recover(&hash, &signature), None, "{v}");
        }
    }

    #[test]
    fn the_other_s_and_zero_are_refused() {
        let (_, hash, mut signature) = signed("hello");
        let low = Signature::from_slice(&signature[..64]).unwrap();
        let (r, s) = low.split_scalars();
        let high = Signature::from_scalars(r, -*s).unwrap();
        signature[..64].copy_from_slice(&high.to_bytes());
        signature[64] = 55 - signature[64];
        assert_eq!(recover(&hash, &signature), None);
        assert_eq!(recover(&hash, &[0; 65]), None);
        assert_eq!(recover(&hash, &[255; 65]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<[[u8; 13]; 5]>(), hash in any::<[u8; 32]>()) {
            let mut signature = [0; 65];
            bytes.iter().flatten().zip(&mut signature).for_each(|(from, to)| *to = *from);
            let _ = recover(&hash, &signature);
            signature[64] = 27;
            let _ = recover(&hash, &signature);
        }
    }
}
