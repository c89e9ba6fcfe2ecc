//! `_headers` and `_redirects`: the rules a site brings along, in the format that Netlify and
//! Cloudflare Pages share.

mod headers;
mod pattern;
mod redirects;

pub use headers::HeaderRules;
pub use pattern::{Captures, Pattern};
pub use redirects::{Redirect, RedirectRules};

/// A line that could not be used, for the log: the rest of the file still counts.
#[derive(Debug, PartialEq, Eq)]
pub struct Ignored {
    /// 1 for the first line of the file.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}
