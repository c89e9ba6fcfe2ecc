//! A file with all its encoded copies and the header blocks to answer with.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION, ETAG, EXPIRES, HeaderMap,
    HeaderValue, VARY,
};
use bytes::Bytes;
use ring::digest::{Context, SHA256};

use super::{MediaType, Origins, Source, compress};
use crate::headers;
use crate::negotiate::{Accepted, Coding};
use crate::rules::HeaderRules;

/// Where the bytes are.
#[derive(Clone, Debug)]
pub enum Content {
    /// In memory.
    Memory(Bytes),
    /// Too large for that: streamed from this file, if it still has that size.
    Disk {
        /// Where it lies.
        file: PathBuf,
        /// Its size when the site was loaded, in bytes.
        length: u64,
    },
}

impl Content {
    /// Size in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk { length, .. } => *length,
        }
    }
}

/// One encoding of a file, ready to send.
#[derive(Clone)]
pub struct Representation {
    /// How the bytes are encoded.
    pub coding: Coding,
    /// The bytes.
    pub content: Content,
    /// Strong entity tag; differs from encoding to encoding.
    pub etag: HeaderValue,
    /// Headers of a `200`.
    pub full: HeaderMap,
    /// Headers of a `304`.
    pub not_modified: HeaderMap,
}

/// What one path answers.
#[derive(Clone)]
pub struct Route {
    /// In our order of preference, the bytes themselves last.
    pub representations: Vec<Representation>,
    /// When the file was last changed, in seconds since 1970.
    pub modified: u64,
}

impl Route {
    /// The copy a client likes best.
    #[must_use]
    pub fn choose(&self, accepted: Accepted) -> &Representation {
        let index = accepted.choose(self.representations.iter().map(|copy| copy.coding));
        &self.representations[index]
    }

    /// The bytes as they are: what ranges count in.
    #[must_use]
    pub fn identity(&self) -> &Representation {
        &self.representations[self.representations.len() - 1]
    }
}

/// A file hashed and compressed, before the rules of its path are applied.
pub(super) struct Prepared {
    pub(super) path: String,
    copies: Vec<(Coding, Content)>,
    hash: String,
    modified: u64,
    headers: HeaderMap,
}

impl Prepared {
    pub(super) fn new(source: Source, policy: Option<String>, origins: &Origins) -> Self {
        let Source { path, content, modified } = source;
        let media_type = MediaType::of(&path);
        let hash = hash(&content);
        let copies: Vec<_> = match content {
            Content::Memory(bytes) => compress::all(&bytes, media_type.compresses)
                .into_iter()
                .map(|(coding, bytes)| (coding, Content::Memory(bytes)))
                .collect(),
            disk @ Content::Disk { .. } => vec![(Coding::Identity, disk)],
        };
        let seconds = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + seconds);
        let headers = headers::of(
            &headers::File {
                path: &path,
                media_type,
                modified: HeaderValue::from_str(&date).unwrap_or(HeaderValue::from_static("0")),
                policy,
                varies: copies.len() > 1,
            },
            origins,
        );
        Self { path, copies, hash, modified: seconds.as_secs(), headers }
    }

    /// The answers of this file at a path, with the site's own rules for that path applied.
    pub(super) fn route(&self, url: &str, rules: &HeaderRules) -> Route {
        let mut headers = self.headers.clone();
        rules.apply(url, &mut headers);
        let representations = self
            .copies
            .iter()
            .map(|(coding, content)| representation(*coding, content, &self.hash, &headers))
            .collect();
        Route { representations, modified: self.modified }
    }
}

fn representation(
    coding: Coding,
    content: &Content,
    hash: &str,
    headers: &HeaderMap,
) -> Representation {
    let mut full = headers.clone();
    let tag = match coding {
        Coding::Identity => format!("\"{hash}\""),
        _ => format!("\"{hash}-{}\"", coding.token()),
    };
    // Hexadecimal digits and a token: always a valid value.
    let etag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    full.insert(ETAG, etag.clone());
    if coding != Coding::Identity {
        full.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
    }
    // RFC 9110, 15.4.5: what a cache needs to go on; it has the rest already.
    let kept = [CACHE_CONTROL, CONTENT_LOCATION, ETAG, EXPIRES, VARY];
    let not_modified = kept
        .into_iter()
        .filter_map(|name| full.get(&name).cloned().map(|value| (name, value)))
        .collect();
    full.insert(CONTENT_LENGTH, HeaderValue::from(content.length()));
    Representation { coding, content: content.clone(), etag, full, not_modified }
}

/// Half of SHA-256 in hexadecimal: long enough that no two versions ever share it.
fn hash(content: &Content) -> String {
    let mut digest = Context::new(&SHA256);
    match content {
        Content::Memory(bytes) => digest.update(bytes),
        Content::Disk { file, length } => {
            if let Err(error) = hash_file(file, &mut digest) {
                tracing::warn!(?error, file = %file.display(), "not read to its end");
            }
            digest.update(&length.to_be_bytes());
        }
    }
    hex(&digest.finish().as_ref()[..16])
}

fn hash_file(file: &Path, digest: &mut Context) -> std::io::Result<()> {
    let mut file = File::open(file)?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            size => digest.update(&buffer[..size]),
        }
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
