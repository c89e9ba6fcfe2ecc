//! The `_redirects` file: `from to [status[!]]`, one rule a line, the first match wins.

use axum::http::StatusCode;

use super::Ignored;
use super::pattern::{Pattern, fill};

/// More rules than this are a generator gone wrong.
const MAX_RULES: usize = 2000;

/// What to do with a request that a rule matched.
#[derive(Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Send the client elsewhere: status and `Location`, without the request's query.
    Elsewhere(StatusCode, String),
    /// Answer with the file at this path, under this status.
    Serve(StatusCode, String),
}

/// All rules of one file, in order.
#[derive(Debug, Default)]
pub struct RedirectRules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    from: Pattern,
    to: String,
    status: StatusCode,
    /// `!`: even where a file exists.
    forced: bool,
}

impl RedirectRules {
    /// Reads a file; lines that cannot be used are reported beside the rules.
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<Ignored>) {
        let (mut rules, mut ignored) = (Vec::new(), Vec::new());
        for (index, line) in text.lines().enumerate() {
            let line = line.split(" #").next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let rule =
                if rules.len() < MAX_RULES { rule(line) } else { Err("more than 2000 rules") };
            match rule {
                Ok(rule) => rules.push(rule),
                Err(reason) => ignored.push(Ignored { line: index + 1, reason }),
            }
        }
        (Self(rules), ignored)
    }

    /// What the first matching rule says about a decoded path. Where a file exists only rules
    /// with `!` count.
    #[must_use]
    pub fn find(&self, path: &str, file_exists: bool) -> Option<Redirect> {
        self.0.iter().filter(|rule| rule.forced || !file_exists).find_map(|rule| {
            let captures = rule.from.matches(path)?;
            let target = local(&fill(&rule.to, &captures));
            Some(if rule.status.is_redirection() {
                Redirect::Elsewhere(rule.status, target)
            } else {
                Redirect::Serve(rule.status, target)
            })
        })
    }

    /// Whether any rule may take the place of a file that exists.
    #[must_use]
    pub fn any_forced(&self) -> bool {
        self.0.iter().any(|rule| rule.forced)
    }
}

/// A path of this site begins with exactly one slash: browsers take `//host` and `/\host` for
/// another site, and a `*` could be filled with that.
fn local(target: &str) -> String {
    if target.starts_with('/') {
        format!("/{}", target.trim_start_matches(['/', '\\']))
    } else {
        target.to_owned()
    }
}

fn rule(line: &str) -> Result<Rule, &'static str> {
    let mut words = line.split_whitespace();
    let from = Pattern::parse(words.next().unwrap_or_default())?;
    let to = words.next().ok_or("the target is missing")?.to_owned();
    let external = to.starts_with("https://") || to.starts_with("http://");
    if !external && !to.starts_with('/') {
        return Err("the target must be a path or an http(s) address");
    }
    let status = words.next().unwrap_or("301");
    let (status, forced) =
        status.strip_suffix('!').map_or((status, false), |status| (status, true));
    let status: StatusCode = match status {
        "301" | "302" | "303" | "307" | "308" | "200" | "404" => {
            status.parse().map_err(|_| "the status is not a number")?
        }
        _ => return Err("the status must be 200, 301, 302, 303, 307, 308 or 404"),
    };
    if words.next().is_some() {
        return Err("conditions on country, language or query are not supported");
    }
    if external && !status.is_redirection() {
        return Err("proxying to another address is not supported");
    }
    Ok(Rule { from, to, status, forced })
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::{Redirect, RedirectRules};

    fn rules(text: &str) -> RedirectRules {
        let (rules, ignored) = RedirectRules::parse(text);
        assert_eq!(ignored, []);
        rules
    }

    #[test]
    fn the_first_match_wins_and_301_is_the_default() {
        let rules = rules("# old paths\n/a /b\n/a /c 302 # never\n\n/app/* /app.html 200\n");
        assert_eq!(
            rules.find("/a", false),
            Some(Redirect::Elsewhere(StatusCode::MOVED_PERMANENTLY, "/b".to_owned()))
        );
        assert_eq!(
            rules.find("/app/x/y", false),
            Some(Redirect::Serve(StatusCode::OK, "/app.html".to_owned()))
        );
        assert_eq!(rules.find("/other", false), None);
    }

    #[test]
    fn an_existing_file_is_shadowed_only_by_force() {
        let rules = rules("/a /b 302\n/a /c 302!\n");
        let Some(Redirect::Elsewhere(_, target)) = rules.find("/a", true) else {
            panic!("no rule")
        };
        assert_eq!(target, "/c");
    }

    #[test]
    fn a_star_cannot_be_filled_with_another_host() {
        let rules = rules("/old/* /:splat 302\n");
        for path in ["/old//evil.example", "/old/\\evil.example", "/old///evil.example"] {
            let Some(Redirect::Elsewhere(_, target)) = rules.find(path, false) else {
                panic!("no rule")
            };
            assert!(!target.starts_with("//") && !target.contains('\\'), "{target}");
        }
    }

    #[test]
    fn lines_that_cannot_be_used_are_named() {
        let (_, ignored) = RedirectRules::parse(
            "/ok /fine\n/only\nx /y\n/a ftp://b\n/a /b 418\n/a /b 302 Country=de\n/p https://x.example/ 200\n",
        );
        assert_eq!(ignored.iter().map(|line| line.line).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7]);
    }
}
