//! Settings from environment variables: the only place that reads the process environment.
//!
//! A [`Reader`] notes every variable it is asked for, so one function per service is at once the
//! parser, the list of problems and the text of `--help`.

use std::fmt::{self, Display, Write as _};
use std::str::FromStr;

/// One variable of the process environment; an empty value counts as unset.
#[must_use]
pub fn process(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Loads `.env` of the working folder or one above it; variables that are set already win.
///
/// # Errors
/// One line when the file exists and cannot be read or parsed. It never repeats a value.
pub fn load_dotenv() -> Result<(), String> {
    match dotenvy::dotenv() {
        Ok(_) => Ok(()),
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(dotenvy::Error::LineParse(_, position)) => {
            Err(format!(".env has a line that is not KEY=VALUE (at character {position})"))
        }
        Err(dotenvy::Error::Io(error)) => Err(format!(".env cannot be read: {error}")),
        Err(_) => Err(".env cannot be read".to_owned()),
    }
}

/// Where the process runs: `ENVIRONMENT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: explorers, a throw-away wallet, no Redis needed.
    Development,
    /// For everyone.
    Production,
}

/// The text is neither `development` nor `production`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an environment")]
pub struct NotAnEnvironment;

impl FromStr for Environment {
    type Err = NotAnEnvironment;

    fn from_str(text: &str) -> Result<Self, NotAnEnvironment> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err(NotAnEnvironment),
        }
    }
}

impl Environment {
    /// Reads `ENVIRONMENT`; nothing said means production.
    pub fn read(env: &mut Reader<'_>) -> Option<Self> {
        env.or("ENVIRONMENT", "development or production", "production")
    }
}

/// A variable as `--help` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, such as `DATABASE_URL`.
    pub name: &'static str,
    /// What it must look like and how to get one.
    pub shape: &'static str,
    /// What holds when it is unset; `None` for a required one.
    pub default: Option<String>,
}

/// Everything that is wrong with the environment, one line each; never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<String>);

impl Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// Where values come from.
type Source<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// Reads settings and collects what is wrong with them.
pub struct Reader<'a> {
    var: Source<'a>,
    settings: Vec<Setting>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Reads through `var`: tests pass a closure over a map, `main` passes [`process`].
    pub fn new(var: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self { var: Box::new(var), settings: Vec::new(), problems: Vec::new() }
    }

    /// A variable that must be set. `shape` completes the sentence "it must be ...".
    pub fn required<T: FromStr>(&mut self, name: &'static str, shape: &'static str) -> Option<T> {
        self.settings.push(Setting { name, shape, default: None });
        let Some(value) = self.value(name) else {
            self.problems.push(format!("{name} is not set; it must be {shape}"));
            return None;
        };
        self.parse(name, shape, &value)
    }

    /// A variable with a default.
    pub fn or<T: FromStr>(
        &mut self,
        name: &'static str,
        shape: &'static str,
        default: &str,
    ) -> Option<T> {
        self.settings.push(Setting { name, shape, default: Some(default.to_owned()) });
        let value = self.value(name);
        self.parse(name, shape, value.as_deref().unwrap_or(default))
    }

    /// A variable without which something is simply off: `Some(None)` when unset.
    pub fn optional<T: FromStr>(
        &mut self,
        name: &'static str,
        shape: &'static str,
    ) -> Option<Option<T>> {
        self.settings.push(Setting { name, shape, default: Some("unset".to_owned()) });
        match self.value(name) {
            Some(value) => self.parse(name, shape, &value).map(Some),
            None => Some(None),
        }
    }

    /// Notes a problem that involves more than one variable.
    pub fn reject(&mut self, line: impl Into<String>) {
        self.problems.push(line.into());
    }

    /// What was wrong; to be returned when any read gave `None`.
    #[must_use]
    pub fn problems(self) -> Problems {
        Problems(self.problems)
    }

    /// Whether nothing was wrong so far.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// The variables asked for so far, in order.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.var)(name).filter(|value| !value.is_empty())
    }

    fn parse<T: FromStr>(
        &mut self,
        name: &'static str,
        shape: &'static str,
        value: &str,
    ) -> Option<T> {
        let parsed = value.trim().parse().ok();
        if parsed.is_none() {
            self.problems.push(format!("{name} is malformed; it must be {shape}"));
        }
        parsed
    }
}

/// The text of `--help` for a service: usage, then every variable `read` asks for.
pub fn help<T>(usage: &str, read: impl FnOnce(&mut Reader<'_>) -> Option<T>) -> String {
    let mut reader = Reader::new(|_| None);
    let _ = read(&mut reader);
    let mut text = format!("{usage}\n\nSettings (environment variables):\n");
    for Setting { name, shape, default } in reader.settings() {
        let note = default
            .as_deref()
            .map_or_else(|| "required".to_owned(), |default| format!("default: {default}"));
        let _ = writeln!(text, "  {name}\n      {shape} ({note})");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once_and_no_value_is_shown() {
        let mut env = Reader::new(|name| (name == "PORT").then(|| "hunter2".to_owned()));

        let port = env.or::<u16>("PORT", "a port number, such as 3001", "3001");
        let url = env.required::<String>("DATABASE_URL", "postgres://user:password@host/name");

        assert_eq!((port, url), (None, None));
        insta::assert_snapshot!(env.problems(), @r"
        PORT is malformed; it must be a port number, such as 3001
        DATABASE_URL is not set; it must be postgres://user:password@host/name
        ");
    }

    #[test]
    fn an_empty_value_counts_as_unset() {
        let mut env = Reader::new(|_| Some(String::new()));

        assert_eq!(env.or::<u16>("PORT", "a port", "3001"), Some(3001));
        assert_eq!(env.optional::<u16>("OTHER", "a port"), Some(None));
        assert!(env.is_ok());
    }
}
