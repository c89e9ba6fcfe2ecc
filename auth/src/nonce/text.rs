//! The 32 bytes of a nonce as 44 letters and digits: wallets only recognise a sign-in when its nonce
//! has nothing else (EIP-4361).

use crate::base62;

/// Bytes of a nonce.
pub(super) const BYTES: usize = 32;
/// Bytes that are written together.
const WORD: usize = 8;
/// Letters and digits of a word: the smallest number that is enough.
const DIGITS: usize = 11;
const LENGTH: usize = BYTES / WORD * DIGITS;

/// Writes `bytes`: each word of 8 in base 62.
pub(super) fn write(bytes: &[u8; BYTES]) -> String {
    let mut text = [0; LENGTH];
    let words = bytes.as_chunks::<WORD>().0;
    for (word, digits) in words.iter().zip(text.as_chunks_mut::<DIGITS>().0) {
        base62::write(u64::from_be_bytes(*word), digits);
    }
    // Letters and digits are UTF-8.
    str::from_utf8(&text).unwrap_or_default().to_owned()
}

/// Reads what [`write()`] has written, and nothing else: no two texts are the same bytes.
pub(super) fn read(text: &str) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    if text.len() != LENGTH {
        return None;
    }
    let words = text.as_bytes().as_chunks::<DIGITS>().0;
    for (digits, word) in words.iter().zip(bytes.as_chunks_mut::<WORD>().0) {
        let number = digits.iter().try_fold(0_u64, |number, digit| {
            number.checked_mul(62)?.checked_add(u64::from(value(*digit)?))
        });
        *word = number?.to_be_bytes();
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'Z' => Some(digit - b'A' + 10),
        b'a'..=b'z' => Some(digit - b'a' + 36),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_and_the_largest_come_back_and_one_more_does_not() {
        let (smallest, largest) = ("0".repeat(LENGTH), "LygHa16AHYF".repeat(4));
        assert_eq!((write(&[0; BYTES]), read(&smallest)), (smallest.clone(), Some([0; BYTES])));
        assert_eq!((write(&[255; BYTES]), read(&largest)), (largest.clone(), Some([255; BYTES])));
        assert_eq!(read(&largest.replace("YF", "YG")), None);
        assert_eq!(read(&"z".repeat(LENGTH)), None);
        assert_eq!(read(&smallest[1..]), None);
        assert_eq!(read(&format!("{smallest}0")), None);
        assert_eq!(read(&smallest.replacen('0', "-", 1)), None);
    }

    proptest! {
        #[test]
        fn all_bytes_come_back_from_letters_and_digits(bytes in any::<[u8; BYTES]>()) {
            let text = write(&bytes);
            prop_assert!(text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert_eq!(read(&text), Some(bytes));
        }

        #[test]
        fn no_text_is_read_that_would_be_written_otherwise(text in "[0-9A-Za-z]{44}|.{0,50}") {
            if let Some(bytes) = read(&text) {
                prop_assert_eq!(write(&bytes), text);
            }
        }
    }
}
