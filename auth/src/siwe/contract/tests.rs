use super::*;

/// What viem 2.57 makes of these arguments, from `Version` on: see tests/interop.
#[test]
fn calls_are_encoded_as_other_libraries_do() {
    let wallet = Address([0x11; 20]);
    let call = wallet_call(&[0x22; 32], &[0x33; 33]);
    insta::assert_snapshot!(call, @"");

    let call = validator_call(wallet, &[0x22; 32], &[0x33; 64]);
    let arguments = call.strip_prefix("0x6080").unwrap();
    insta::assert_snapshot!(&arguments[arguments.len() - 384..], @"");
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
