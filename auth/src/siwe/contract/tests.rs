use super::*;

/// `data` as words, after what stands before the arguments.
fn words(data: &str, before: usize) -> String {
    let words = data.as_bytes()[before..].chunks(64).map(|word| String::from_utf8_lossy(word));
    words.collect::<Vec<_>>().join("\n")
}

/// The words below are what viem 2.57 makes of the same arguments (`encodeFunctionData` and
/// `encodeDeployData`).
#[test]
fn calls_are_encoded_as_other_libraries_do() {
    let call = wallet_call(&[0x22; 32], &[0x33; 33]);
    assert!(call.starts_with("0x1626ba7e"));
    insta::assert_snapshot!(words(&call, 10), @r"
    2222222222222222222222222222222222222222222222222222222222222222
    0000000000000000000000000000000000000000000000000000000000000040
    0000000000000000000000000000000000000000000000000000000000000021
    3333333333333333333333333333333333333333333333333333333333333333
    3300000000000000000000000000000000000000000000000000000000000000
    ");

    let call = validator_call(Address([0x11; 20]), &[0x22; 32], &[0x33; 64]);
    assert_eq!(call.len(), 2 + 2 * 1901);
    insta::assert_snapshot!(words(&call, call.len() - 6 * 64), @r"
    0000000000000000000000001111111111111111111111111111111111111111
    2222222222222222222222222222222222222222222222222222222222222222
    0000000000000000000000000000000000000000000000000000000000000060
    0000000000000000000000000000000000000000000000000000000000000040
    3333333333333333333333333333333333333333333333333333333333333333
    3333333333333333333333333333333333333333333333333333333333333333
    ");
}

#[test]
fn only_exact_answers_count() {
    let mut magic = [0; 32];
    magic[..4].copy_from_slice(&IS_VALID_SIGNATURE);
    assert!(is_magic(&magic));
    assert!(!is_magic(&magic[..4]));
    assert!(!is_magic(&[0xff; 32]));
    let mut dirty = magic;
    dirty[31] = 1;
    assert!(!is_magic(&dirty));
    assert!(!is_magic(&[]));

    assert!(is_true(&[1]) && is_true(&word(1)));
    assert!(!is_true(&[]) && !is_true(&[0]) && !is_true(&[2]) && !is_true(&[1, 0]));
    assert!(!is_true(&word(257)));
}
