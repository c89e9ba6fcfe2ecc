//! Which content coding a client takes: `Accept-Encoding` with q-values (RFC 9110, 12.5.3).

/// A content coding we can answer with, best first when the client does not mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Brotli: smallest for text.
    Brotli,
    /// Zstandard: nearly as small.
    Zstd,
    /// Gzip: every client has it.
    Gzip,
    /// The bytes as they are.
    Identity,
}

impl Coding {
    /// All codings in the order we prefer them.
    pub const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Identity];

    /// The token of this coding, as `Content-Encoding` writes it.
    #[must_use]
    pub const fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }

    fn parse(token: &[u8]) -> Option<Self> {
        match token {
            b"br" | b"BR" => Some(Self::Brotli),
            b"gzip" | b"x-gzip" => Some(Self::Gzip),
            b"zstd" => Some(Self::Zstd),
            b"identity" => Some(Self::Identity),
            _ => Self::ALL.into_iter().find(|c| token.eq_ignore_ascii_case(c.token().as_bytes())),
        }
    }
}

/// The weights of one `Accept-Encoding` header, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    weights: [u16; 4],
}

impl Accepted {
    /// What a client without the header takes. Any coding would be allowed, but such clients
    /// are mostly simple ones that cannot decode, so they get the bytes as they are.
    pub const PLAIN: Self = Self { weights: [0, 0, 0, 1000] };

    /// Reads a header value. Parts that make no sense are left out, never refused.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        let mut named: [Option<u16>; 4] = [None; 4];
        let mut any = None;
        for part in value.split(|&byte| byte == b',') {
            let mut pieces = part.split(|&byte| byte == b';');
            let token = pieces.next().unwrap_or_default().trim_ascii();
            let weight = weight(pieces.next());
            if token == b"*" {
                any = Some(weight);
            } else if let Some(coding) = Coding::parse(token) {
                named[coding as usize] = Some(weight);
            }
        }
        let mut weights = [0; 4];
        for coding in Coding::ALL {
            // Identity is acceptable unless it is excluded by name or by `*;q=0`; it ranks
            // below everything that the client asked for.
            let unnamed = if coding == Coding::Identity { Some(any.map_or(1, |w| w)) } else { any };
            weights[coding as usize] = named[coding as usize].or(unnamed).unwrap_or(0);
        }
        Self { weights }
    }

    /// The weight given to a coding, 0 when it is refused.
    #[must_use]
    pub const fn weight(&self, coding: Coding) -> u16 {
        self.weights[coding as usize]
    }

    /// The best of the codings at hand, given in our own order of preference. When the client
    /// refuses them all the last one is taken: an answer it may not like beats none.
    #[must_use]
    pub fn choose(&self, available: impl IntoIterator<Item = Coding>) -> usize {
        let (mut best, mut best_weight, mut last) = (None, 0, 0);
        for (index, coding) in available.into_iter().enumerate() {
            let weight = self.weight(coding);
            if weight > best_weight {
                (best, best_weight) = (Some(index), weight);
            }
            last = index;
        }
        best.unwrap_or(last)
    }
}

/// `q=0.8` as 800; no parameter, or one that is not a weight, is 1000.
fn weight(parameter: Option<&[u8]>) -> u16 {
    let Some(parameter) = parameter.map(<[u8]>::trim_ascii) else {
        return 1000;
    };
    let Some(digits) = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q="))
    else {
        return 1000;
    };
    match digits {
        [b'1', ..] => 1000,
        [b'0', b'.', fraction @ ..] => (0..3).fold(0, |sum, place| {
            let digit = fraction.get(place).filter(|d| d.is_ascii_digit()).map_or(0, |d| d - b'0');
            sum * 10 + u16::from(digit)
        }),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Accepted, Coding};

    fn chosen(header: &str) -> Coding {
        Coding::ALL[Accepted::parse(header.as_bytes()).choose(Coding::ALL)]
    }

    #[test]
    fn browsers_get_brotli() {
        assert_eq!(chosen("gzip, deflate, br, zstd"), Coding::Brotli);
    }

    #[test]
    fn weights_beat_our_own_order() {
        assert_eq!(chosen("br;q=0.5, gzip;q=0.8, zstd;q=0.799"), Coding::Gzip);
        assert_eq!(chosen("br ; q=0.001 , identity;q=0.002"), Coding::Identity);
    }

    #[test]
    fn a_refused_coding_is_not_taken() {
        assert_eq!(chosen("br;q=0, gzip"), Coding::Gzip);
        assert_eq!(chosen("br;q=0.000, zstd;q=0"), Coding::Identity);
    }

    #[test]
    fn a_star_stands_for_what_is_not_named() {
        assert_eq!(chosen("*"), Coding::Brotli);
        assert_eq!(chosen("br;q=0, *;q=0.3"), Coding::Zstd);
        assert_eq!(chosen("gzip, *;q=0"), Coding::Gzip);
    }

    #[test]
    fn nonsense_leaves_the_plain_bytes() {
        assert_eq!(chosen(""), Coding::Identity);
        assert_eq!(chosen(";;q=,,=,snappy"), Coding::Identity);
        assert_eq!(chosen("gzip;q=nonsense"), Coding::Identity);
    }

    #[test]
    fn refusing_everything_still_answers_with_the_plain_bytes() {
        assert_eq!(chosen("*;q=0"), Coding::Identity);
    }
}
