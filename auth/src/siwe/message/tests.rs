use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-24 12:00:00.123 UTC);
const WALLET: &str = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
const NONCE: &str = "n7QzKcV0aYt5Rb3WmEXl9u";

fn site() -> Origin {
    "https://app.example.org".parse().unwrap()
}

fn issued() -> String {
    Draft::new(&site(), &WALLET.parse().unwrap(), 1, NOW).with(NONCE)
}

fn read_at(text: &str, now: OffsetDateTime) -> Result<Message, Refused> {
    let (site, chains) = (site(), "1,8453".parse().unwrap());
    read(text, Expected { site: &site, chains: &chains, now })
}

fn refusal(from: &str, to: &str) -> Refused {
    let text = issued();
    assert!(text.contains(from), "{from}");
    read_at(&text.replace(from, to), NOW).unwrap_err()
}

#[test]
fn what_we_ask_a_wallet_to_sign() {
    insta::assert_snapshot!(issued(), @r"
    app.example.org wants you to sign in with your Ethereum account:
    0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045

    Sign in to Alternate Futures

    URI: https://app.example.org
    Version: 1
    Chain ID: 1
    Nonce: n7QzKcV0aYt5Rb3WmEXl9u
    Issued At: 2026-11-24T12:00:00.123Z
    Expiration Time: 2026-11-24T12:15:00.123Z
    ");
    let message = read_at(&issued(), NOW).unwrap();
    assert_eq!((message.chain, message.nonce.as_str()), (1, NONCE));
    assert_eq!(message.address.checksummed(), WALLET);
}

#[test]
fn a_message_for_another_site_is_refused() {
    assert_eq!(refusal("app.example.org wants", "evil.example.org wants"), Refused::Site);
    assert_eq!(
        refusal("URI: https://app.example.org", "URI: https://evil.example.org"),
        Refused::Site
    );
    assert_eq!(
        refusal("URI: https://app.example.org", "URI: https://app.example.org.evil.org"),
        Refused::Site
    );
    assert_eq!(
        refusal("URI: https://app.example.org", "URI: https://app.example.org@evil.org"),
        Refused::Site
    );
    assert_eq!(refusal("URI: https", "URI: http"), Refused::Site);
}

#[test]
fn a_page_of_the_site_and_its_scheme_may_be_named() {
    let page =
        issued().replace("URI: https://app.example.org", "URI: https://app.example.org/login?x=1");
    assert!(read_at(&page, NOW).is_ok());
    assert!(read_at(&format!("https://{}", issued()), NOW).is_ok());
    assert_eq!(read_at(&format!("http://{}", issued()), NOW), Err(Refused::Malformed));
}

#[test]
fn chains_that_are_not_allowed_or_no_numbers_are_refused() {
    assert_eq!(refusal("Chain ID: 1", "Chain ID: 2"), Refused::Chain);
    for bad in ["0", "+1", "01"] {
        let refused = refusal("Chain ID: 1", &format!("Chain ID: {bad}"));
        assert!(matches!(refused, Refused::Chain | Refused::Malformed), "{bad}");
    }
    for bad in ["-1", "1.5", "18446744073709551616", "0x1", ""] {
        assert_eq!(
            refusal("Chain ID: 1", &format!("Chain ID: {bad}")),
            Refused::Malformed,
            "{bad}"
        );
    }
    assert_eq!(refusal("Version: 1", "Version: 2"), Refused::Malformed);
}

#[test]
fn times_are_checked_with_and_without_not_before() {
    let text = issued();
    let minutes = |minutes| NOW + Duration::minutes(minutes);
    assert!(read_at(&text, minutes(14)).is_ok());
    assert_eq!(read_at(&text, minutes(15)), Err(Refused::Expired));
    assert!(read_at(&text, NOW - Duration::seconds(60)).is_ok());
    assert_eq!(read_at(&text, NOW - Duration::seconds(61)), Err(Refused::NotYet));
    // A long life of its own does not make an old message young.
    let long = text.replace("Expiration Time: 2026", "Expiration Time: 2036");
    assert_eq!(read_at(&long, minutes(17)), Err(Refused::Expired));
    // Without an expiration it lives as long as ours do.
    let endless = text.lines().filter(|line| !line.starts_with("Expiration")).collect::<Vec<_>>();
    assert!(read_at(&endless.join("\n"), minutes(14)).is_ok());
    assert_eq!(read_at(&endless.join("\n"), minutes(15)), Err(Refused::Expired));
    let later = format!("{text}\nNot Before: 2026-11-24T12:05:00Z");
    assert_eq!(read_at(&later, NOW), Err(Refused::NotYet));
    assert!(read_at(&later, minutes(6)).is_ok());
}

#[test]
fn an_address_may_be_of_one_case_or_checksummed() {
    let of = |address: &str| read_at(&issued().replace(WALLET, address), NOW);
    let lower = WALLET.to_lowercase();
    let upper = format!("0x{}", WALLET[2..].to_uppercase());
    assert_eq!(of(&lower).unwrap(), of(WALLET).unwrap());
    assert_eq!(of(&upper).unwrap(), of(WALLET).unwrap());
    let wrong = WALLET.replace("d8dA", "d8da");
    assert_eq!(of(&wrong), Err(Refused::Checksum));
    for bad in ["", "0x", "0xd8dA", &WALLET[2..], &format!("{WALLET}00"), "vitalik.eth"] {
        assert_eq!(of(bad), Err(Refused::Malformed), "{bad}");
    }
}

#[test]
fn nothing_in_the_text_can_go_unread() {
    let statement = "Sign in to Alternate Futures";
    for (from, to) in [
        // A nonce inside the statement does not count.
        (format!("Nonce: {NONCE}"), String::new()),
        (statement.to_owned(), format!("Nonce: {NONCE}\nURI: x")),
        // Lines that must be blank.
        (format!("{WALLET}\n\n"), format!("{WALLET}\nhidden\n")),
        (format!("{statement}\n\n"), format!("{statement}\nhidden\n")),
        // Twice, in another order, and with carriage returns.
        (format!("Nonce: {NONCE}"), format!("Nonce: {NONCE}\nNonce: {NONCE}")),
        ("Version: 1\nChain ID: 1".to_owned(), "Chain ID: 1\nVersion: 1".to_owned()),
        ("\n".to_owned(), "\r\n".to_owned()),
        ("Version: 1\n".to_owned(), "Version: 1\n\n".to_owned()),
        // Invisible and reordering characters.
        (statement.to_owned(), "Sign in \u{202e}to".to_owned()),
        (statement.to_owned(), "Sign in\u{0}".to_owned()),
        (format!("Nonce: {NONCE}"), "Nonce: short".to_owned()),
        (format!("Nonce: {NONCE}"), "Nonce: with-dashes_0123456789".to_owned()),
        ("Issued At: 2026".to_owned(), "Issued At: yesterday2026".to_owned()),
    ] {
        assert_eq!(refusal(&from, &to), Refused::Malformed, "{from:?} -> {to:?}");
    }
    assert_eq!(read_at(&format!("{}\n", issued()), NOW), Err(Refused::Malformed));
    assert_eq!(read_at(&format!("{}\nURI: x", issued()), NOW), Err(Refused::Malformed));
    assert_eq!(read_at(&"x".repeat(5000), NOW), Err(Refused::Malformed));
}

#[test]
fn a_message_may_have_no_statement_and_may_have_resources() {
    let bare = issued().replace("Sign in to Alternate Futures\n", "");
    assert!(read_at(&bare, NOW).is_ok());
    let more = format!("{}\nRequest ID: 7\nResources:\n- https://example.org/terms", issued());
    assert!(read_at(&more, NOW).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_text_makes_it_panic(text in "(.|\n){0,300}") {
        prop_assert!(read_at(&text, NOW).is_err());
    }

    #[test]
    fn no_damage_makes_it_panic_or_change_its_meaning(place in 0..400_usize, byte in any::<u8>()) {
        let mut bytes = issued().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        if let Ok(text) = String::from_utf8(bytes)
            && let Ok(message) = read_at(&text, NOW)
        {
            let Message { chain, nonce, .. } = message;
            let lines = format!("\nChain ID: {chain}\nNonce: {nonce}\n");
            prop_assert!(text.contains(&lines));
        }
    }
}
