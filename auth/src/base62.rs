//! Numbers and random text in letters and digits.

/// The digits, in the order of their bytes.
pub(crate) const ALPHABET: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `number` in as many digits as there is room for, the most significant first; what does not fit is
/// left out.
pub(crate) fn write(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        // Less than 62.
        *digit = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
}
