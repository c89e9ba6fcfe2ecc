//! The public address of a site or service.

use std::str::FromStr;

use url::Url;

/// `scheme://host[:port]`, of http or https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    authority: String,
    text: String,
}

/// The text is no address of a site.
#[derive(Debug, thiserror::Error)]
#[error("not an address such as https://www.example.org")]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(text).map_err(|_| NotAnOrigin)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if !bare || !anonymous || !matches!(url.scheme(), "http" | "https") {
            return Err(NotAnOrigin);
        }
        let authority = url.authority().to_owned();
        let text = format!("{}://{authority}", url.scheme());
        Ok(Self { scheme: url.scheme().to_owned(), authority, text })
    }
}

impl Origin {
    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// `host[:port]`, without a default port.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// All of it, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
