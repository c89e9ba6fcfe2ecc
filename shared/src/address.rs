//! Base addresses of services, as settings give them.

use std::str::FromStr;

use url::Url;

/// An `http(s)` address without query, fragment or user, kept without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(pub String);

/// The text is no such address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as https://www.example.org")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let url = Url::parse(text).map_err(|_| NotAnAddress)?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if plain && url.has_host() && matches!(url.scheme(), "http" | "https") {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(NotAnAddress)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_without_its_last_slash() {
        let read = |text: &str| text.parse::<Address>().map(|address| address.0);
        assert_eq!(read("https://www.example.org/").unwrap(), "https://www.example.org");
        assert_eq!(read("http://auth-service:3001").unwrap(), "http://auth-service:3001");
        assert_eq!(read("http://[::1]:3001/base/").unwrap(), "http://[::1]:3001/base");
        let bad = [
            "",
            "www.example.org",
            "ftp://a",
            "https://",
            "https://u@a",
            "http://a?b",
            "http://a#b",
        ];
        for bad in bad {
            assert_eq!(read(bad), Err(NotAnAddress), "{bad}");
        }
    }
}
