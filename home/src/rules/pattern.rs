//! Paths with `:placeholders` and `*`.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a path as it is; everything else in a captured value is encoded again,
/// so that no request can bring a line break or a query into the `Location` it gets.
const SAFE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'@');

/// A path to match: `/blog/:slug`, `/old/*`, `/about`.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Named(String),
    Rest,
}

/// The values found for a pattern's placeholders.
pub type Captures = HashMap<String, String>;

impl Pattern {
    /// Reads a pattern. A `*` stands for all the rest and is allowed at the end only.
    ///
    /// # Errors
    /// What is wrong, in words for the log.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let path = text.strip_prefix('/').ok_or("the path must begin with /")?;
        let pieces: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let mut segments = Vec::with_capacity(pieces.len());
        for (index, piece) in pieces.iter().enumerate() {
            segments.push(match piece.strip_prefix(':') {
                _ if *piece == "*" && index + 1 == pieces.len() => Segment::Rest,
                _ if piece.contains('*') => return Err("* is allowed as the last segment only"),
                Some(name) if !name.is_empty() => Segment::Named(name.to_owned()),
                _ => Segment::Literal((*piece).to_owned()),
            });
        }
        Ok(Self { segments })
    }

    /// Matches a decoded path; a slash at its end makes no difference.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<Captures> {
        let mut rest = Some(path.strip_prefix('/')?);
        let mut captures = Captures::new();
        for segment in &self.segments {
            if *segment == Segment::Rest {
                captures.insert("splat".to_owned(), rest.unwrap_or_default().to_owned());
                return Some(captures);
            }
            let (piece, after) = match rest?.split_once('/') {
                Some((piece, after)) => (piece, Some(after)),
                None => (rest?, None),
            };
            rest = after;
            match segment {
                Segment::Named(name) if !piece.is_empty() => {
                    captures.insert(name.clone(), piece.to_owned());
                }
                Segment::Literal(literal) if literal == piece => {}
                _ => return None,
            }
        }
        rest.unwrap_or_default().trim_end_matches('/').is_empty().then_some(captures)
    }
}

/// Puts captured values in the place of `:name` in a target path or address.
#[must_use]
pub(super) fn fill(target: &str, captures: &Captures) -> String {
    let mut filled = String::with_capacity(target.len() + 16);
    let mut rest = target;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        let end = after[1..]
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(after.len(), |end| end + 1);
        match captures.get(&after[1..end]) {
            Some(value) => filled.extend(utf8_percent_encode(value, SAFE)),
            None => filled.push_str(&after[..end]), // `https:`, a port, or an unknown name.
        }
        rest = &after[end..];
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::{Pattern, fill};

    fn filled(pattern: &str, path: &str, target: &str) -> Option<String> {
        Pattern::parse(pattern).unwrap().matches(path).map(|captures| fill(target, &captures))
    }

    #[test]
    fn literals_placeholders_and_the_rest_match() {
        assert_eq!(filled("/a/b", "/a/b/", "/c").as_deref(), Some("/c"));
        assert_eq!(
            filled("/blog/:year/:slug", "/blog/2026/x", "/:slug/:year").as_deref(),
            Some("/x/2026")
        );
        assert_eq!(filled("/old/*", "/old/a/b", "/new/:splat").as_deref(), Some("/new/a/b"));
        assert_eq!(filled("/*", "/", "/x/:splat").as_deref(), Some("/x/"));
        assert_eq!(filled("/", "/", "/home").as_deref(), Some("/home"));
    }

    #[test]
    fn other_paths_do_not_match() {
        assert_eq!(filled("/a", "/ab", "/c"), None);
        assert_eq!(filled("/a/:b", "/a/", "/c"), None);
        assert_eq!(filled("/a/:b", "/a/b/c", "/c"), None);
    }

    #[test]
    fn captured_text_is_encoded_again() {
        assert_eq!(
            filled("/s/:q", "/s/a b\r\nset-cookie: x", "/f/:q").as_deref(),
            Some("/f/a%20b%0D%0Aset-cookie%3A%20x"),
        );
    }

    #[test]
    fn addresses_keep_their_scheme_and_port() {
        assert_eq!(
            filled("/d/*", "/d/x", "https://example.org:8443/:splat").as_deref(),
            Some("https://example.org:8443/x"),
        );
    }

    #[test]
    fn a_star_in_the_middle_is_refused() {
        assert!(Pattern::parse("/a/*/b").is_err());
        assert!(Pattern::parse("a").is_err());
    }
}
