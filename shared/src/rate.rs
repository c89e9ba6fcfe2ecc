//! Rates such as `5/15m`.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

/// So many requests in such a window, written `COUNT/WINDOW`: `5/15m`, `60/1m`, `50/1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In how long; at least a second.
    pub window: Duration,
}

/// The text is no `COUNT/WINDOW`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rate such as 5/15m")]
pub struct NotARate;

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        let (count, window) = text.split_once('/').ok_or(NotARate)?;
        let count = count.trim().parse().ok().filter(|count| *count > 0).ok_or(NotARate)?;
        let window = duration(window.trim()).filter(|window| !window.is_zero()).ok_or(NotARate)?;
        Ok(Self { count, window })
    }
}

impl Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}s", self.count, self.window.as_secs())
    }
}

/// A whole number and a unit: `90s`, `15m`, `2h`, `7d`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let (number, seconds) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1),
        b'm' => (&text[..text.len() - 1], 60),
        b'h' => (&text[..text.len() - 1], 60 * 60),
        b'd' => (&text[..text.len() - 1], 24 * 60 * 60),
        _ => return None,
    };
    number.parse::<u32>().ok().map(|number| Duration::from_secs(u64::from(number) * seconds))
}

/// A [`duration`] as a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        duration(text).map(Self).ok_or(NotARate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_a_count_and_a_window() {
        let rate = "5/15m".parse::<Rate>().unwrap();
        assert_eq!((rate.count, rate.window), (5, Duration::from_mins(15)));

        for bad in ["", "5", "5/", "/1m", "0/1m", "-1/1m", "5/0s", "5/1", "5/1y", "5/1m/1m", "5/é"]
        {
            assert_eq!(bad.parse::<Rate>(), Err(NotARate), "{bad}");
        }
    }
}
