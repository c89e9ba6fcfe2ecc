//! Names under which a site may be served. Parsed once, kept as lower-case ASCII (punycode).

use std::net::Ipv4Addr;
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// What the TXT record's name has in front of the hostname.
const TXT_PREFIX: &str = "_alternatefutures.";
/// Longest name in the DNS, in characters.
const MOST: usize = 253;
/// Names that can never be public: RFC 6761, 6762, 7686, 8375, 9476 and ICANN's `internal`.
const SPECIAL: [&str; 14] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "test",
];

/// A public hostname.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostname(String);

/// Why the text is no public hostname; each is a sentence for its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAHostname {
    /// Breaks the rules of the DNS or of IDNA.
    #[error("not a hostname, such as www.example.org")]
    Malformed,
    /// An address is no name.
    #[error("an IP address is no hostname")]
    Address,
    /// One label, or a name that the public DNS does not have.
    #[error("not a public hostname, such as www.example.org")]
    NotPublic,
    /// No room for the record that proves its ownership.
    #[error("a hostname has at most 235 characters here")]
    TooLong,
}

impl Hostname {
    /// The name in lower-case ASCII, without a dot at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of the TXT record that proves who owns `hostname`.
#[must_use]
pub fn txt_name(hostname: &str) -> String {
    format!("{TXT_PREFIX}{hostname}")
}

impl FromStr for Hostname {
    type Err = NotAHostname;

    fn from_str(text: &str) -> Result<Self, NotAHostname> {
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        // Four bytes at most for a character, and names are short.
        if text.len() > 4 * MOST {
            return Err(NotAHostname::Malformed);
        }
        if text.parse::<std::net::Ipv6Addr>().is_ok() || text.starts_with('[') {
            return Err(NotAHostname::Address);
        }
        let ascii = Uts46::new()
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::CheckFirstLast,
                DnsLength::Verify,
            )
            .map_err(|_| NotAHostname::Malformed)?;
        let last = ascii.rsplit('.').next().unwrap_or_default();
        // Programs take 1.2.3.4, but also 0x7f.1 and 127.1, for addresses (WHATWG URL, ends in a
        // number), so no name may end in one.
        let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        if ascii.parse::<Ipv4Addr>().is_ok() || number {
            return Err(NotAHostname::Address);
        }
        if !ascii.contains('.') || SPECIAL.contains(&last) {
            return Err(NotAHostname::NotPublic);
        }
        if TXT_PREFIX.len() + ascii.len() > MOST {
            return Err(NotAHostname::TooLong);
        }
        Ok(Self(ascii.into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_become_lower_case_ascii() {
        for (text, name) in [
            ("example.org", "example.org"),
            (" WWW.Example.ORG. ", "www.example.org"),
            ("bücher.de", "xn--bcher-kva.de"),
            ("BÜCHER.de", "xn--bcher-kva.de"),
            ("例え.テスト.jp", "xn--r8jz45g.xn--zckzah.jp"),
            ("xn--bcher-kva.de", "xn--bcher-kva.de"),
            ("a.b.c.d.e.co.uk", "a.b.c.d.e.co.uk"),
            ("faß.de", "xn--fa-hia.de"),
        ] {
            assert_eq!(text.parse::<Hostname>().unwrap().as_str(), name, "{text}");
        }
    }

    #[test]
    fn what_is_no_public_name_is_refused() {
        use NotAHostname::{Address, Malformed, NotPublic, TooLong};
        let long = format!("{}.org", ["a".repeat(59).as_str(); 4].join("."));
        let label = format!("{}.org", "a".repeat(64));
        for (text, why) in [
            ("", Malformed),
            (".", Malformed),
            ("..", Malformed),
            ("a..org", Malformed),
            ("-a.org", Malformed),
            ("a-.org", Malformed),
            ("a_b.org", Malformed),
            ("a b.org", Malformed),
            ("https://example.org", Malformed),
            ("example.org:443", Malformed),
            ("example.org/path", Malformed),
            ("*.example.org", Malformed),
            ("user@example.org", Malformed),
            ("a\0.org", Malformed),
            ("xn--a.org", Malformed),
            (&label, Malformed),
            ("127.0.0.1", Address),
            ("127.1", Address),
            ("0x7f.0x1", Address),
            ("１２７.0.0.1", Address),
            ("::1", Address),
            ("[::1]", Address),
            ("localhost", NotPublic),
            ("org", NotPublic),
            ("printer.local", NotPublic),
            ("db.internal", NotPublic),
            ("1.0.0.127.in-addr.arpa", NotPublic),
            (&long, TooLong),
        ] {
            assert_eq!(text.parse::<Hostname>(), Err(why), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
            if let Ok(name) = text.parse::<Hostname>() {
                prop_assert_eq!(name.as_str().parse::<Hostname>(), Ok(name.clone()));
                prop_assert!(name.as_str().is_ascii() && name.as_str().contains('.'));
            }
        }
    }
}
