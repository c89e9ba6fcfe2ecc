//! A site in memory: every file read, hashed, compressed and given its headers once.

mod built_in;
mod compress;
mod directory;
mod media_type;
mod origins;
mod route;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use bytes::Bytes;

use crate::csp;
use crate::error::Error;
use crate::rules::{HeaderRules, Ignored, RedirectRules};

pub use built_in::Settings;
pub use media_type::MediaType;
pub use origins::Origins;
pub use route::{Content, Representation, Route};

/// Larger files are streamed from disk.
pub const MAX_IN_MEMORY: u64 = 8 * 1024 * 1024;

/// Shown for unknown paths when a site has no `404.html`.
const PLAIN_NOT_FOUND: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
     <title>Not found</title><h1>Not found</h1><p><a href=\"/\">To the front page</a></p></html>\n";

/// A file of a site before anything is made of it.
struct Source {
    /// Path below the root, without a leading slash, `/` between folders.
    path: String,
    content: Content,
    modified: SystemTime,
}

/// Everything that can be answered, by path.
pub struct Site {
    routes: HashMap<String, Route>,
    not_found: Route,
    redirects: RedirectRules,
    any_forced: bool,
}

/// Which policy the pages of a site get.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    BuiltIn,
    Exported,
}

impl Site {
    /// The marketing site and console that are compiled in.
    pub fn built_in(origins: &Origins, settings: &Settings) -> Result<Self, Error> {
        let sources = built_in::render(origins, settings)?;
        Ok(Self::build(sources, origins, Kind::BuiltIn))
    }

    /// A static export in a folder.
    pub fn from_directory(root: &Path, origins: &Origins) -> Result<Self, Error> {
        let sources = directory::read(root)?;
        Ok(Self::build(sources, origins, Kind::Exported))
    }

    fn build(mut sources: Vec<Source>, origins: &Origins, kind: Kind) -> Self {
        let header_rules = take(&mut sources, "_headers", HeaderRules::parse);
        let redirects = take(&mut sources, "_redirects", RedirectRules::parse);
        let mut files = prepare(sources, origins, kind);
        files.sort_by(|a, b| a.path.cmp(&b.path));

        let not_found = ["404.html", "404/index.html"]
            .iter()
            .find_map(|name| files.iter().find(|file| file.path == *name))
            .map_or_else(
                || plain_not_found(origins, &header_rules),
                |file| file.route("/404.html", &header_rules),
            );
        let mut routes = HashMap::new();
        // The file itself comes before a page of that name, a page before a folder's index.
        for url in [exact as fn(&str) -> Vec<String>, without_extension, folder] {
            for file in &files {
                for url in url(&file.path) {
                    if !routes.contains_key(&url) {
                        routes.insert(url.clone(), file.route(&url, &header_rules));
                    }
                }
            }
        }
        let any_forced = redirects.any_forced();
        Self { routes, not_found, redirects, any_forced }
    }

    /// The file at a decoded path.
    #[must_use]
    pub fn route(&self, path: &str) -> Option<&Route> {
        self.routes.get(path)
    }

    /// The page for unknown paths.
    #[must_use]
    pub const fn not_found(&self) -> &Route {
        &self.not_found
    }

    /// The site's `_redirects`.
    #[must_use]
    pub const fn redirects(&self) -> &RedirectRules {
        &self.redirects
    }

    /// Whether a rule may take the place of a file that exists.
    #[must_use]
    pub const fn any_forced(&self) -> bool {
        self.any_forced
    }

    /// Every path with a file, in no order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.keys().map(String::as_str)
    }
}

fn exact(path: &str) -> Vec<String> {
    vec![format!("/{path}")]
}

fn without_extension(path: &str) -> Vec<String> {
    path.strip_suffix(".html").map(|name| format!("/{name}")).into_iter().collect()
}

fn folder(path: &str) -> Vec<String> {
    match path.strip_suffix("index.html") {
        Some("") => vec!["/".to_owned()],
        Some(folder) if folder.ends_with('/') => {
            vec![format!("/{folder}"), format!("/{}", folder.trim_end_matches('/'))]
        }
        _ => Vec::new(),
    }
}

/// Takes a rule file out of the site and reads it.
fn take<R: Default>(
    sources: &mut Vec<Source>,
    name: &str,
    parse: fn(&str) -> (R, Vec<Ignored>),
) -> R {
    let Some(index) = sources.iter().position(|source| source.path == name) else {
        return R::default();
    };
    let Content::Memory(text) = sources.swap_remove(index).content else {
        tracing::warn!(file = name, "rule file ignored: it is too large");
        return R::default();
    };
    let (rules, ignored) = parse(&String::from_utf8_lossy(&text));
    for Ignored { line, reason } in ignored {
        tracing::warn!(file = name, line, reason, "rule ignored");
    }
    rules
}

/// Hashes and compresses on all cores: the start must not wait for one.
fn prepare(sources: Vec<Source>, origins: &Origins, kind: Kind) -> Vec<route::Prepared> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let queue = Mutex::new(sources.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let work = || {
        let mut done = Vec::new();
        while let Some(source) = next() {
            let policy = policy(&source, origins, kind);
            done.push(route::Prepared::new(source, policy, origins));
        }
        done
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    })
}

fn policy(source: &Source, origins: &Origins, kind: Kind) -> Option<String> {
    if !MediaType::of(&source.path).is_html() {
        return None;
    }
    let connect = origins.connect();
    Some(match (&source.content, kind) {
        (_, Kind::BuiltIn) => csp::built_in(&connect),
        (Content::Memory(html), Kind::Exported) => {
            csp::exported(&String::from_utf8_lossy(html), &connect)
        }
        (Content::Disk { .. }, Kind::Exported) => csp::exported("", &connect),
    })
}

fn plain_not_found(origins: &Origins, rules: &HeaderRules) -> Route {
    let source = Source {
        path: "404.html".to_owned(),
        content: Content::Memory(Bytes::from_static(PLAIN_NOT_FOUND.as_bytes())),
        modified: SystemTime::UNIX_EPOCH,
    };
    let policy = policy(&source, origins, Kind::BuiltIn);
    route::Prepared::new(source, policy, origins).route("/404.html", rules)
}
