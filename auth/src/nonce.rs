//! Text that nobody can guess: nonces, ids and secrets of logins.

/// Characters of a nonce: 131 bits. EIP-4361 asks for 8 at least, and wallets only recognise a
/// sign-in when all of them are letters and digits.
const LENGTH: usize = 22;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A nonce for a sign-in message.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn generate() -> Result<String, getrandom::Error> {
    alphanumeric(LENGTH)
}

/// `length` letters and digits, each as likely as any other.
///
/// # Errors
/// The operating system gives no random bytes.
pub(crate) fn alphanumeric(length: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes)?;
        // 248 is the largest multiple of 62 in a byte: what is above would favour some letters.
        let unbiased = bytes.iter().filter(|byte| **byte < 248);
        let letters = unbiased.map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        text.extend(letters.take(length - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_long_alphanumeric_and_never_the_same() {
        let nonces = (0..500).map(|_| generate().unwrap()).collect::<Vec<_>>();
        let is_good = |nonce: &String| {
            nonce.len() >= 17 && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        assert!(nonces.iter().all(is_good));
        assert_eq!(nonces.iter().collect::<std::collections::HashSet<_>>().len(), 500);
    }

    #[test]
    fn every_length_is_exact() {
        for length in [0, 1, 32, 63, 64, 65, 200] {
            assert_eq!(alphanumeric(length).unwrap().len(), length);
        }
    }
}
