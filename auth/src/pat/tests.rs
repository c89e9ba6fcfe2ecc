use proptest::prelude::*;

use super::*;
use crate::base62::ALPHABET;

/// A fixed token, so that a change of the format cannot go unseen: scanners match on it.
const KNOWN: &str = "af_live_00000000000000000000000000000000";

#[test]
fn the_format_is_fixed() {
    let token = Plaintext::generate().unwrap().reveal();
    assert_eq!(token.len(), 46);
    assert!(token.starts_with("af_live_"));
    assert!(parse(&token).is_some());
    insta::assert_snapshot!(checksum(KNOWN), @"1Rwe4s");
}

#[test]
fn two_tokens_differ_and_use_the_whole_alphabet() {
    let tokens = (0..200).map(|_| Plaintext::generate().unwrap().reveal()).collect::<Vec<_>>();
    let all = tokens.iter().flat_map(|token| token[8..40].bytes());
    let letters = all.collect::<std::collections::BTreeSet<_>>();
    assert_eq!(letters.len(), 62);
    let unique = tokens.iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(unique.len(), 200);
}

#[test]
fn every_letter_is_about_as_likely_as_any_other() {
    let mut counts = [0_u32; 128];
    for _ in 0..3000 {
        let token = Plaintext::generate().unwrap().reveal();
        token[8..40].bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    }
    // 96,000 letters, 1548 of each expected; a modulo bias would put eight of them at 1875.
    let counts = ALPHABET.iter().map(|letter| counts[usize::from(*letter)]);
    let (low, high) = counts.fold((u32::MAX, 0), |(low, high), n| (low.min(n), high.max(n)));
    assert!(low > 1330 && high < 1780, "{low} {high}");
}

#[test]
fn a_mask_gives_away_four_characters() {
    assert_eq!(mask("wxyz"), "af_live_…wxyz");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_single_typo_is_refused(place in 8..46_usize, letter in 0..62_usize) {
        let token = Plaintext::generate().unwrap().reveal();
        let mut bytes = token.clone().into_bytes();
        bytes[place] = ALPHABET[letter];
        let typo = String::from_utf8(bytes).unwrap();
        prop_assert_eq!(parse(&typo).is_some(), typo == token);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(af_live_)?.{0,60}") {
        prop_assert_eq!(parse(&text), None);
    }
}
