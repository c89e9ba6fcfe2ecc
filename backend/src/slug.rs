//! Slugs: what a name looks like in a URL. Uniqueness is the database's.

use crate::Error;

/// Room for a suffix below the 80 characters of `projects_slug_check` and `sites_slug_check`.
const MOST: usize = 60;
/// So many names of the same look get a number; later ones a random suffix, so that the cost of a
/// common name stays bounded.
const NUMBERED: u32 = 5;
/// After so many collisions in a row something else is wrong.
const MOST_TRIES: u32 = NUMBERED + 3;

/// The slug of `name`, without regard to others: transliterated to ASCII, lower-case, everything
/// that is no letter or digit a single `-`. A name that leaves nothing gets `fallback`.
#[must_use]
pub fn of(name: &str, fallback: &str) -> String {
    let mut slug = String::with_capacity(name.len().min(MOST));
    for character in name.chars() {
        // `any_ascii` spells a word per character for some scripts: 北京 is BeiJing.
        for folded in any_ascii::any_ascii_char(character).chars() {
            if folded.is_ascii_alphanumeric() {
                slug.push(folded.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') && folded != '\'' {
                slug.push('-');
            }
        }
        if slug.len() >= MOST {
            slug.truncate(MOST);
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { fallback.to_owned() } else { slug.to_owned() }
}

/// Whether `text` can be a slug at all; anything else is not worth a query.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= 80 && text.split('-').all(word)
}

/// What to try, in this order, until the database takes one: `shop`, `shop-2` ... `shop-5`, then
/// a few `shop-` with six random characters of `random`.
pub fn candidates(base: String, random: impl Fn() -> u32) -> impl Iterator<Item = String> {
    (1..=MOST_TRIES).map(move |attempt| match attempt {
        1 => base.clone(),
        number if number <= NUMBERED => format!("{base}-{number}"),
        _ => format!("{base}-{}", six_letters(random())),
    })
}

/// Fresh bits for [`candidates`].
#[must_use]
pub fn dice() -> u32 {
    uuid::Uuid::new_v4().as_fields().0
}

/// When even the random ones are taken.
#[must_use]
pub fn taken() -> Error {
    Error::Conflict("no free slug was found for this name; try again".into())
}

/// Thirty bits, five to a letter; no letters that look like digits.
fn six_letters(mut bits: u32) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let letter = |_| {
        let letter = LETTERS[(bits & 31) as usize];
        bits >>= 5;
        char::from(letter)
    };
    (0..6).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_become_what_a_reader_expects_in_a_url() {
        for (name, slug) in [
            ("My Shop", "my-shop"),
            ("  --Älter als Größe & Maß!  ", "alter-als-grosse-mass"),
            ("Crème Brûlée", "creme-brulee"),
            ("Łódź", "lodz"),
            ("Zoë's café", "zoes-cafe"),
            ("日本", "riben"),
            ("Привет мир", "privet-mir"),
            ("a__b..c", "a-b-c"),
            ("2048", "2048"),
        ] {
            assert_eq!(of(name, "project"), slug, "{name}");
        }
    }

    #[test]
    fn a_name_of_symbols_gets_the_fallback() {
        for name in ["!!!", "---", "   ", "\u{200b}", "…"] {
            assert_eq!(of(name, "project"), "project", "{name:?}");
        }
    }

    #[test]
    fn collisions_count_up_and_then_roll_dice() {
        let tried = candidates("shop".to_owned(), || 0b00001_00000_00000_00000_00000_00000);

        let tried = tried.collect::<Vec<_>>();

        assert_eq!(tried[..5], ["shop", "shop-2", "shop-3", "shop-4", "shop-5"]);
        assert_eq!(tried[5..], ["shop-aaaaab", "shop-aaaaab", "shop-aaaaab"]);
    }

    proptest! {
        #[test]
        fn every_name_has_a_slug_that_the_database_takes(name in "\\PC{0,120}", random: u32) {
            for candidate in candidates(of(&name, "project"), || random) {
                prop_assert!(is_slug(&candidate), "{candidate:?}");
            }
        }
    }
}
