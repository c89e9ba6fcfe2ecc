//! Renders the marketing site and the console from the templates that are compiled in.
//!
//! - `site/templates/`: the one layout and what pages include.
//! - `site/pages/`: every file here is rendered and becomes a file of the site.
//! - `site/assets/`: styles, scripts, fonts; served below `/assets/<hash of them all>/`, so that
//!   they can be cached for good and still import each other by relative path.
//! - `site/public/`: served as it is.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use include_dir::{Dir, DirEntry, include_dir};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use ring::digest::{Context, SHA256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::route::hex;
use super::{Content, Origins, Source};
use crate::error::Error;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/site/templates");
static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/site/pages");
static ASSETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/site/assets");
static PUBLIC: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/site/public");

/// What pages say that differs from place to place.
pub struct Settings {
    /// Whether the console offers a throw-away wallet (development only).
    pub burner_wallet: bool,
    /// The current time, for the expiry of `security.txt`.
    pub now: OffsetDateTime,
}

/// All files of the built-in site.
pub(super) fn render(origins: &Origins, settings: &Settings) -> Result<Vec<Source>, Error> {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(built_at());
    let assets = format!("assets/{}", fingerprint(&ASSETS));
    let mut sources = Vec::new();
    for (path, bytes) in files(&PUBLIC) {
        let content = Content::Memory(Bytes::from_static(bytes));
        sources.push(Source { path: path.to_owned(), content, modified });
    }
    for (path, bytes) in files(&ASSETS) {
        let content = Content::Memory(Bytes::from_static(bytes));
        sources.push(Source { path: format!("{assets}/{path}"), content, modified });
    }
    let environment = environment()?;
    for (path, _) in files(&PAGES) {
        let url = format!("/{}", path.strip_suffix(".html").unwrap_or(path));
        let values = context! {
            path => safe(page_path(&url)),
            assets => safe(&format!("/{assets}")),
            app => safe(&origins.app),
            auth => safe(&origins.auth),
            api => safe(&origins.api),
            burner_wallet => settings.burner_wallet,
            expires => expiry(settings.now),
            year => settings.now.year(),
        };
        let text = environment.get_template(path)?.render(values)?;
        let content = Content::Memory(Bytes::from(text));
        sources.push(Source { path: path.to_owned(), content, modified });
    }
    Ok(sources)
}

/// The address of a page: `/docs/index` is `/docs`, `/index` is `/`.
fn page_path(url: &str) -> &str {
    url.strip_suffix("/index").map_or(url, |folder| if folder.is_empty() { "/" } else { folder })
}

/// An address for templates. They would write `/` as an entity, which is right and unreadable;
/// parsed addresses have no other characters to escape but these two.
fn safe(address: &str) -> Value {
    Value::from_safe_string(address.replace('&', "&amp;").replace('\'', "&#39;"))
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| {
        let markup = [".html", ".xml", ".svg"].iter().any(|end| name.ends_with(end));
        if markup { AutoEscape::Html } else { AutoEscape::None }
    });
    for (path, bytes) in files(&TEMPLATES).into_iter().chain(files(&PAGES)) {
        let text = std::str::from_utf8(bytes).map_err(|_| Error::Encoding(path))?;
        environment.add_template(path, text)?;
    }
    Ok(environment)
}

/// Every file below a folder, by path.
fn files(folder: &'static Dir<'static>) -> Vec<(&'static str, &'static [u8])> {
    let mut found = Vec::new();
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => found.extend(files(inner)),
            DirEntry::File(file) => {
                found.extend(file.path().to_str().map(|path| (path, file.contents())));
            }
        }
    }
    found.sort_unstable();
    found
}

/// A name for the present state of all assets together: sixteen hexadecimal digits, with a
/// prefix that makes sure it has letters and numbers, by which hashed names are told.
fn fingerprint(folder: &'static Dir<'static>) -> String {
    let mut context = Context::new(&SHA256);
    for (path, bytes) in files(folder) {
        context.update(path.as_bytes());
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    }
    format!("0a{}", hex(&context.finish().as_ref()[..7]))
}

/// When `security.txt` runs out: within a year, as RFC 9116 asks, and on the first of a month, so
/// that replicas started on different days answer the same bytes.
fn expiry(now: OffsetDateTime) -> String {
    let later = now + time::Duration::days(300);
    let first = later.replace_day(1).unwrap_or(later).replace_time(time::Time::MIDNIGHT);
    first.format(&Rfc3339).unwrap_or_default()
}

/// When the site's sources last changed, from the build script, in seconds since 1970.
fn built_at() -> u64 {
    env!("SITE_MODIFIED").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::expiry;

    #[test]
    fn security_txt_expires_on_the_first_of_a_month_within_a_year() {
        assert_eq!(expiry(datetime!(2026-11-24 15:00 UTC)), "2027-09-01T00:00:00Z");
    }
}
