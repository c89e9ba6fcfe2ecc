//! Bounds on the text, before it is parsed: the parser itself takes time and stack.

use super::{Exceeded, Limits};

/// Brackets within each other. A document within the other bounds has far fewer; the parser
/// recurses over them.
const MOST_NESTED: usize = 60;

/// Counts tokens and directives and follows brackets, in one pass. Text that is no GraphQL is left
/// to the parser to refuse.
pub(crate) fn scan(text: &str, limits: &Limits) -> Result<(), Exceeded> {
    let bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
    let (mut at, mut tokens, mut directives, mut nested) = (0, 0, 0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += line(&bytes[at..]);
                continue;
            }
            b'"' => at + string(&bytes[at..]),
            b'.' => at + run(&bytes[at..], |byte| byte == b'.'),
            b'-' | b'0'..=b'9' => at + run(&bytes[at..], is_in_number),
            _ if is_in_name(byte) => at + run(&bytes[at..], is_in_name),
            _ => at + 1,
        };
        tokens += 1;
        match byte {
            b'@' => directives += 1,
            b'{' | b'[' | b'(' => nested += 1,
            b'}' | b']' | b')' => nested = nested.saturating_sub(1),
            _ => {}
        }
        if tokens > limits.tokens {
            return Err(Exceeded::Tokens(limits.tokens));
        }
        if directives > limits.directives {
            return Err(Exceeded::Directives(limits.directives));
        }
        if nested > MOST_NESTED {
            return Err(Exceeded::Depth(limits.depth));
        }
        at = end;
    }
    Ok(())
}

/// Letters beyond ASCII are part of no name; together they are one error, so one token.
fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_in_number(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+')
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(*byte)).unwrap_or(bytes.len())
}

fn line(bytes: &[u8]) -> usize {
    run(bytes, |byte| byte != b'\n' && byte != b'\r')
}

/// Length of a string or block string with its quotes.
fn string(bytes: &[u8]) -> usize {
    let (quote, start): (&[u8], _) =
        if bytes.starts_with(br#"""""#) { (br#"""""#, 3) } else { (b"\"", 1) };
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(quote) {
            return at + quote.len();
        }
        if start == 1 && matches!(bytes[at], b'\n' | b'\r') {
            return at;
        }
        // In a block string only \""" is an escape, and skipping the quote after \ reads it too.
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(tokens: usize, directives: usize) -> Limits {
        Limits { directives, tokens, ..Limits::default() }
    }

    #[test]
    fn tokens_are_counted_as_the_specification_counts_them() {
        for (text, tokens) in [
            ("{ a }", 3),
            ("query Q($a: Int = -1.5e3) { f(a: $a) ...F }", 21),
            ("{ a(b: \"x } @ y \\\" z\", c: 1) } # } @ @", 11),
            ("{ a(b: \"\"\"block \\\"\"\" @ \" still\"\"\") }", 8),
            ("\u{feff}{,,,a,,,}", 3),
        ] {
            assert_eq!(scan(text, &limits(tokens, 0)), Ok(()), "{text}");
            assert_eq!(scan(text, &limits(tokens - 1, 0)), Err(Exceeded::Tokens(tokens - 1)));
        }
    }

    #[test]
    fn directives_are_counted_wherever_they_stand() {
        let text = "query @a { b @c ...D @e ... @f { g } } fragment D on X @h { i }";
        assert_eq!(scan(text, &limits(100, 5)), Ok(()));
        assert_eq!(scan(text, &limits(100, 4)), Err(Exceeded::Directives(4)));
    }

    #[test]
    fn brackets_that_would_exhaust_the_stack_never_reach_the_parser() {
        for bracket in ["{a", "[", "(", "{a(b:["] {
            let text = bracket.repeat(1000);
            assert_eq!(scan(&text, &limits(100_000, 0)), Err(Exceeded::Depth(10)), "{bracket}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = scan(&text, &limits(50, 5));
        }

        #[test]
        fn strings_and_comments_hide_nothing(text in "[\"\\\\#{}@a\n ]{0,60}") {
            let _ = scan(&text, &limits(1000, 1000));
        }
    }
}
