//! The `_headers` file: a path, then indented `Name: value` lines; `! Name` takes one away.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::Ignored;
use super::pattern::Pattern;

/// These describe the bytes on the wire; a site that set them could only break its own answers.
const OURS: [&str; 9] = [
    "accept-ranges",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "date",
    "etag",
    "trailer",
    "transfer-encoding",
];

/// All rules of one file, in order.
#[derive(Debug, Default)]
pub struct HeaderRules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    path: Pattern,
    changes: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Set(HeaderName, HeaderValue),
    Remove(HeaderName),
}

impl HeaderRules {
    /// Reads a file; lines that cannot be used are reported beside the rules.
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<Ignored>) {
        let (mut rules, mut ignored) = (Vec::<Rule>::new(), Vec::new());
        // Headers below a path that could not be read must not fall to the path before it.
        let mut open = false;
        for (index, line) in text.lines().enumerate() {
            let content = line.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let outcome = if line.starts_with([' ', '\t']) {
                match rules.last_mut().filter(|_| open) {
                    Some(rule) => change(content).map(|change| rule.changes.push(change)),
                    None => Err("a header without a path above it"),
                }
            } else {
                let path = Pattern::parse(content);
                open = path.is_ok();
                path.map(|path| {
                    rules.push(Rule { path, changes: Vec::new() });
                })
            };
            if let Err(reason) = outcome {
                ignored.push(Ignored { line: index + 1, reason });
            }
        }
        (Self(rules), ignored)
    }

    /// Applies every matching rule to the headers we would send for a decoded path. The first
    /// rule that sets a header replaces ours; further ones for the same header add to it.
    pub fn apply(&self, path: &str, headers: &mut HeaderMap) {
        let mut replaced = Vec::<&HeaderName>::new();
        for rule in self.0.iter().filter(|rule| rule.path.matches(path).is_some()) {
            for change in &rule.changes {
                match change {
                    Change::Remove(name) => {
                        headers.remove(name);
                    }
                    Change::Set(name, value) if replaced.contains(&name) => {
                        headers.append(name, value.clone());
                    }
                    Change::Set(name, value) => {
                        headers.insert(name, value.clone());
                        replaced.push(name);
                    }
                }
            }
        }
    }
}

fn change(line: &str) -> Result<Change, &'static str> {
    if let Some(name) = line.strip_prefix('!') {
        return Ok(Change::Remove(name_of(name)?));
    }
    let (name, value) = line.split_once(':').ok_or("a header must be written Name: value")?;
    let value = HeaderValue::from_str(value.trim()).map_err(|_| "the value has odd characters")?;
    Ok(Change::Set(name_of(name)?, value))
}

fn name_of(text: &str) -> Result<HeaderName, &'static str> {
    let name: HeaderName = text.trim().parse().map_err(|_| "the name has odd characters")?;
    if OURS.contains(&name.as_str()) { Err("the server sets this header itself") } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::HeaderRules;

    fn applied(text: &str, path: &str) -> HeaderMap {
        let (rules, ignored) = HeaderRules::parse(text);
        assert_eq!(ignored, []);
        let mut headers = HeaderMap::new();
        headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
        rules.apply(path, &mut headers);
        headers
    }

    #[test]
    fn rules_set_add_and_remove() {
        let text = "/*\n  X-A: 1\n  ! X-Frame-Options\n# more\n/docs/*\n\tX-A: 2\n";
        let headers = applied(text, "/docs/a");
        assert_eq!(headers.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert!(!headers.contains_key("x-frame-options"));
        assert_eq!(applied(text, "/").get_all("x-a").iter().count(), 1);
    }

    #[test]
    fn lines_that_cannot_be_used_are_named() {
        let (rules, ignored) =
            HeaderRules::parse("  X: 1\nnopath\n  X: 2\n/a\n  ETag: x\n  nothing\n  X: 3\n");
        assert_eq!(ignored.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 2, 3, 5, 6]);
        let mut headers = HeaderMap::new();
        rules.apply("/a", &mut headers);
        assert_eq!(headers["x"], "3");
    }
}
