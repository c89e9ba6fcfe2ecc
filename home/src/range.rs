//! `Range: bytes=…` (RFC 9110, 14): which parts of a file of known length are asked for.

/// More parts than this in one request are no download but an attack: the whole file is sent.
const MAX_PARTS: usize = 16;

/// Bytes `first..=last` of a file; `first <= last < length` always holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Offset of the first byte.
    pub first: u64,
    /// Offset of the last byte, itself included.
    pub last: u64,
}

impl Part {
    /// Number of bytes, at least 1.
    #[must_use]
    pub const fn size(self) -> u64 {
        self.last - self.first + 1
    }
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// Not a byte range, malformed, or unreasonable: the header is ignored (200).
    Whole,
    /// These parts, in the order asked for (206).
    Parts(Vec<Part>),
    /// Well formed, but nothing of it lies within the file (416).
    Unsatisfiable,
}

/// Reads a `Range` header against a file of `length` bytes.
#[must_use]
pub fn parse(header: &str, length: u64) -> Asked {
    let Some((unit, list)) = header.split_once('=') else {
        return Asked::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Asked::Whole;
    }
    let mut parts = Vec::new();
    let mut count = 0;
    for spec in list.split(',').map(str::trim).filter(|spec| !spec.is_empty()) {
        count += 1;
        match part(spec, length) {
            Ok(Some(part)) => parts.push(part),
            Ok(None) => {}
            Err(Malformed) => return Asked::Whole,
        }
    }
    // Overlapping parts that add up to more than the file are a way to make us send much for little.
    if count == 0 || count > MAX_PARTS || parts.iter().map(|p| p.size()).sum::<u64>() > length {
        return Asked::Whole;
    }
    if parts.is_empty() { Asked::Unsatisfiable } else { Asked::Parts(parts) }
}

struct Malformed;

/// One `first-last`, `first-` or `-suffix`; `None` when it lies outside the file.
fn part(spec: &str, length: u64) -> Result<Option<Part>, Malformed> {
    let (first, last) = spec.split_once('-').ok_or(Malformed)?;
    let (first, last) = (number(first)?, number(last)?);
    let range = match (first, last) {
        (Some(first), None) => (first, u64::MAX),
        (Some(first), Some(last)) if first <= last => (first, last),
        (None, Some(suffix)) => {
            (length.saturating_sub(suffix), if suffix == 0 { 0 } else { u64::MAX })
        }
        _ => return Err(Malformed),
    };
    let (first, last) = (range.0, range.1.min(length.saturating_sub(1)));
    Ok((first < length && first <= last).then_some(Part { first, last }))
}

fn number(digits: &str) -> Result<Option<u64>, Malformed> {
    match digits {
        "" => Ok(None),
        _ if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Some(digits.parse().unwrap_or(u64::MAX)))
        }
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Part, parse};

    fn parts(list: &[(u64, u64)]) -> Asked {
        Asked::Parts(list.iter().map(|&(first, last)| Part { first, last }).collect())
    }

    #[test]
    fn the_three_forms_are_read() {
        assert_eq!(parse("bytes=0-4", 10), parts(&[(0, 4)]));
        assert_eq!(parse("bytes=4-", 10), parts(&[(4, 9)]));
        assert_eq!(parse("bytes=-3", 10), parts(&[(7, 9)]));
        assert_eq!(parse("Bytes=0-0, 2-3 ,-1", 10), parts(&[(0, 0), (2, 3), (9, 9)]));
    }

    #[test]
    fn what_reaches_past_the_end_is_cut() {
        assert_eq!(parse("bytes=5-99", 10), parts(&[(5, 9)]));
        assert_eq!(parse("bytes=-99", 10), parts(&[(0, 9)]));
        assert_eq!(parse("bytes=8-18446744073709551616", 10), parts(&[(8, 9)]));
    }

    #[test]
    fn parts_outside_are_unsatisfiable() {
        assert_eq!(parse("bytes=10-", 10), Asked::Unsatisfiable);
        assert_eq!(parse("bytes=-0", 10), Asked::Unsatisfiable);
        assert_eq!(parse("bytes=0-", 0), Asked::Unsatisfiable);
        assert_eq!(parse("bytes=99-, 3-3", 10), parts(&[(3, 3)]));
    }

    #[test]
    fn malformed_headers_are_ignored() {
        for header in
            ["", "bytes", "bytes=", "bytes=5-4", "bytes=a-b", "bytes=+1-2", "lines=1-2", "bytes=-"]
        {
            assert_eq!(parse(header, 10), Asked::Whole, "{header}");
        }
    }

    #[test]
    fn a_flood_of_parts_gets_the_whole_file() {
        let many = format!("bytes={}", vec!["0-0"; 17].join(","));
        assert_eq!(parse(&many, 1000), Asked::Whole);
        assert_eq!(parse("bytes=0-,0-,0-", 1000), Asked::Whole);
    }
}
