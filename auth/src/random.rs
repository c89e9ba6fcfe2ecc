//! Text that nobody can guess: ids and secrets.

use crate::base62::ALPHABET;

/// `length` letters and digits, each as likely as any other.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn alphanumeric(length: usize) -> Result<String, getrandom::Error> {
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
    fn every_length_is_exact_and_nothing_comes_twice() {
        for length in [0, 1, 32, 63, 64, 65, 200] {
            assert_eq!(alphanumeric(length).unwrap().len(), length);
        }
        let texts = (0..500).map(|_| alphanumeric(22).unwrap());
        assert_eq!(texts.collect::<std::collections::HashSet<_>>().len(), 500);
    }
}
