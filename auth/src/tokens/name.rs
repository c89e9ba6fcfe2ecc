//! What a token may be called.

use crate::error::Error;

/// 1 to 100 letters, digits, spaces, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

/// What a token is called when its owner does not say.
const DEFAULT: &str = "Personal Access Token";

impl Name {
    /// Reads a name; an empty one stands for the default, as the command-line client sends it.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim_matches(' ');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.".contains(&byte);
        if text.is_empty() {
            Ok(Self(DEFAULT.to_owned()))
        } else if text.len() <= 100 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            let detail = "1 to 100 letters, digits, spaces, -, _ and . only";
            Err(Error::Invalid { field: "name", detail })
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_short() {
        assert_eq!(Name::parse(" CI - deploy_1.2 ").unwrap().as_str(), "CI - deploy_1.2");
        assert_eq!(Name::parse("").unwrap().as_str(), DEFAULT);
        assert!(Name::parse(&"a".repeat(100)).is_ok());
        for bad in [&"a".repeat(101), "naïve", "a\u{202e}b", "a\nb", "<b>", "a/b", "\t"] {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
    }
}
