//! Bodies that are not simply the bytes in memory: parts of a file, and files on disk.

use std::collections::VecDeque;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::Answer;
use crate::range::Part;
use crate::site::{Content, Representation};

/// Read from disk at a time.
const CHUNK: u64 = 128 * 1024;
/// Between the parts of a multipart answer. It need not differ from answer to answer, since every
/// part says how long it is; it must not occur in the text around them.
const BOUNDARY: &str = "alternate-futures-part";

/// A piece of a body, in the order sent.
enum Piece {
    Text(Bytes),
    File(Part),
}

/// An answer whose bytes are on disk.
pub struct DiskAnswer {
    status: StatusCode,
    headers: HeaderMap,
    file: PathBuf,
    length: u64,
    pieces: VecDeque<Piece>,
}

impl DiskAnswer {
    pub(super) fn whole(status: StatusCode, headers: HeaderMap, file: &Path, length: u64) -> Self {
        let all = Piece::File(Part { first: 0, last: length.saturating_sub(1) });
        Self { status, headers, file: file.to_owned(), length, pieces: VecDeque::from([all]) }
    }

    /// Opens the file, which must still be as long as it was when it was hashed.
    pub async fn open(self) -> io::Result<Response<Body>> {
        let file = File::open(&self.file).await?;
        if file.metadata().await?.len() != self.length {
            return Err(io::Error::other(format!("{} has another size now", self.file.display())));
        }
        Ok(super::response(self.status, self.headers, stream(file, self.pieces)))
    }
}

/// A `206` with one part, or with several as `multipart/byteranges`.
pub(super) fn partial(copy: &Representation, parts: &[Part]) -> Answer {
    let length = copy.content.length();
    let mut headers = copy.full.clone();
    let pieces = if let [part] = parts {
        headers.insert(CONTENT_RANGE, value(&content_range(*part, length)));
        VecDeque::from([Piece::File(*part)])
    } else {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let pieces = multipart(parts, kind.unwrap_or_default(), length);
        let kind = format!("multipart/byteranges; boundary={BOUNDARY}");
        headers.insert(CONTENT_TYPE, value(&kind));
        pieces
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(pieces.iter().map(Piece::size).sum::<u64>()));
    let status = StatusCode::PARTIAL_CONTENT;
    match &copy.content {
        Content::Memory(bytes) => {
            Answer::Ready(super::response(status, headers, join(bytes, pieces).into()))
        }
        Content::Disk { file, length } => {
            let (file, length) = (file.clone(), *length);
            Answer::FromDisk(DiskAnswer { status, headers, file, length, pieces })
        }
    }
}

/// A `416`, which says how long the file is.
pub(super) fn unsatisfiable(length: u64) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONTENT_RANGE, value(&format!("bytes */{length}")));
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

impl Piece {
    fn size(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File(part) => part.size(),
        }
    }
}

fn multipart(parts: &[Part], kind: &str, length: u64) -> VecDeque<Piece> {
    let mut pieces = VecDeque::with_capacity(parts.len() * 2 + 1);
    for part in parts {
        let range = content_range(*part, length);
        let head =
            format!("\r\n--{BOUNDARY}\r\ncontent-type: {kind}\r\ncontent-range: {range}\r\n\r\n");
        pieces.push_back(Piece::Text(Bytes::from(head)));
        pieces.push_back(Piece::File(*part));
    }
    pieces.push_back(Piece::Text(Bytes::from(format!("\r\n--{BOUNDARY}--\r\n"))));
    pieces
}

fn content_range(part: Part, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.first, part.last)
}

/// Numbers and names only, so it is always valid.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Puts parts of a file in memory together; a single part is not copied.
fn join(bytes: &Bytes, pieces: VecDeque<Piece>) -> Bytes {
    let slice = |part: Part| {
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        bytes.slice(at(part.first)..at(part.last + 1))
    };
    let mut joined = Vec::new();
    for piece in pieces {
        match piece {
            Piece::File(part) if joined.is_empty() => return slice(part),
            Piece::File(part) => joined.extend_from_slice(&slice(part)),
            Piece::Text(text) => joined.extend_from_slice(&text),
        }
    }
    Bytes::from(joined)
}

fn stream(file: File, pieces: VecDeque<Piece>) -> Body {
    Body::from_stream(stream::try_unfold(
        (file, pieces, None),
        |(mut file, mut pieces, at)| async move {
            let part: Part = match at {
                Some(part) => part,
                None => match pieces.pop_front() {
                    None => return Ok(None),
                    Some(Piece::Text(text)) => return Ok(Some((text, (file, pieces, None)))),
                    Some(Piece::File(part)) => {
                        file.seek(SeekFrom::Start(part.first)).await?;
                        part
                    }
                },
            };
            let size = part.size().min(CHUNK);
            let mut chunk = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            let read = (&mut file).take(size).read_to_end(&mut chunk).await? as u64;
            if read < size {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            let first = part.first + read;
            let rest = (first <= part.last).then_some(Part { first, last: part.last });
            Ok::<_, io::Error>(Some((Bytes::from(chunk), (file, pieces, rest))))
        },
    ))
}
