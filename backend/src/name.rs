//! Names and other text that people type. Pure rules.

use crate::Error;

/// Longest name in characters: `projects_name_check`, `sites_name_check`.
const MOST_NAME: usize = 100;
/// Longest description and message in characters.
const MOST_TEXT: usize = 2000;

/// A name: 1 to 100 characters after trimming, on one line, that reads the way it is stored.
pub fn parse(field: &'static str, text: &str) -> Result<String, Error> {
    let name = text.trim();
    let length = name.chars().count();
    if !(1..=MOST_NAME).contains(&length) {
        return Err(Error::bad_input(field, "a name has 1 to 100 characters"));
    }
    if name.chars().any(|character| character.is_control() || is_invisible(character)) {
        return Err(Error::bad_input(
            field,
            "a name has no control characters and none that hide or reorder text",
        ));
    }
    Ok(name.to_owned())
}

/// Longer text: at most 2000 characters, of any kind but controls other than line breaks and tabs.
pub fn text(field: &'static str, text: &str) -> Result<String, Error> {
    let allowed = |character: char| !character.is_control() || "\n\r\t".contains(character);
    if text.chars().count() > MOST_TEXT {
        return Err(Error::bad_input(field, "at most 2000 characters"));
    }
    if !text.chars().all(allowed) {
        return Err(Error::bad_input(field, "no control characters but line breaks and tabs"));
    }
    Ok(text.to_owned())
}

/// Characters with which one name can be made to look like another (Unicode TR 36): marks,
/// embeddings, overrides and isolates of direction, zero-width spaces, line separators. The
/// joiners U+200C and U+200D stay: Persian, Indic scripts and emoji need them.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{61c}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_limited() {
        assert_eq!(parse("name", "  My Shop ").unwrap(), "My Shop");
        assert_eq!(parse("name", &"é".repeat(100)).unwrap().chars().count(), 100);
        assert_eq!(parse("name", "می\u{200c}خواهم").unwrap(), "می\u{200c}خواهم");

        for bad in ["", "   ", &"x".repeat(101), "a\nb", "a\0b", "shop\u{202e}gpj", "a\u{200b}b"] {
            assert_eq!(parse("name", bad).unwrap_err().code(), "BAD_USER_INPUT", "{bad:?}");
        }
    }

    #[test]
    fn text_may_have_lines() {
        assert_eq!(text("message", "one\n\ttwo").unwrap(), "one\n\ttwo");

        for bad in ["a\0b", "\u{1b}[31m", &"x".repeat(2001)] {
            assert_eq!(text("message", bad).unwrap_err().code(), "BAD_USER_INPUT", "{bad:?}");
        }
    }
}
