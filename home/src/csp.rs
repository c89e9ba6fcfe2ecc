//! The Content-Security-Policy of a page.
//!
//! The built-in site runs no inline script at all. A static export of Next.js does: its pages
//! carry their data in inline scripts that differ from page to page. Instead of opening the
//! policy for all of them, each page's policy lists the hashes of exactly its own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

/// The policy of the built-in site: everything from here, calls to `connect` besides, and no
/// text turned into markup or script anywhere (trusted types; the one policy names the worker).
#[must_use]
pub fn built_in(connect: &[String]) -> String {
    let connect = connect.join(" ");
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
         img-src 'self' data:; connect-src 'self' {connect}; manifest-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types console-worker"
    )
}

/// The policy of a page of an exported site: its own inline scripts by hash, inline styles
/// allowed (exports carry `style` attributes, and those cannot be hashed).
#[must_use]
pub fn exported(html: &str, connect: &[String]) -> String {
    let connect = connect.join(" ");
    let mut hashes = String::new();
    for script in inline_scripts(html) {
        let hash = STANDARD.encode(digest(&SHA256, script.as_bytes()));
        if !hashes.contains(&hash) {
            hashes.push_str(" 'sha256-");
            hashes.push_str(&hash);
            hashes.push('\'');
        }
    }
    format!(
        "default-src 'self'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' {connect}; \
         object-src 'none'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
    )
}

/// The contents of all `<script>` elements without `src`, in order. An HTML parser ends a
/// script at the next `</script`, wherever it stands, so looking for that text is exact; text
/// that only looks like a script (in a comment, say) adds a hash that nothing uses.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let start = find(rest, "<script")?;
            let tag = &rest[start + "<script".len()..];
            let open_end = tag_end(tag)?;
            let (attributes, body) = (&tag[..open_end], &tag[open_end + 1..]);
            let end = find(body, "</script")?;
            rest = &body[end..];
            let boundary = attributes.is_empty() || attributes.starts_with([' ', '\t', '\n', '/']);
            if boundary && !attributes.contains("src=") && end > 0 {
                return Some(&body[..end]);
            }
        }
    })
}

/// Where the start tag ends: the first `>` outside quotes.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.bytes().position(|byte| match (quote, byte) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (Some(open), _) if open == byte => {
            quote = None;
            false
        }
        _ => false,
    })
}

/// Finds ASCII text without regard to case.
fn find(haystack: &str, needle: &str) -> Option<usize> {
    haystack
        .as_bytes()
        .windows(needle.len())
        .position(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{exported, inline_scripts};

    #[test]
    fn only_inline_scripts_are_found() {
        let html = r#"<script src="/a.js" async></script><SCRIPT>one</SCRIPT>
            <script id="x" data-a=">">two()</script><scripted>no</script><script></script>"#;
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["one", "two()"]);
    }

    #[test]
    fn each_inline_script_is_allowed_by_its_hash() {
        // echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
        let hash = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        let policy = exported("<script>alert(1)</script><script>alert(1)</script>", &[]);
        assert_eq!(policy.matches(hash).count(), 1, "{policy}");
    }

    #[test]
    fn a_script_without_an_end_is_left_out() {
        assert_eq!(inline_scripts("<script>never closed").count(), 0);
        assert_eq!(inline_scripts("<script").count(), 0);
    }
}
