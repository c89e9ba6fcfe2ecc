//! Rebuilds when the site changes and passes on when it last did.

use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{env, fs};

#[expect(clippy::disallowed_methods, reason = "a build script is told by its environment")]
fn main() {
    let folder = Path::new("site");
    // Reproducible builds say what time it is.
    let modified = env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| newest(folder).as_secs());
    println!("cargo::rerun-if-changed=site");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rustc-env=SITE_MODIFIED={modified}");
}

/// When the youngest file below a folder was changed.
fn newest(folder: &Path) -> Duration {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let time = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => newest(&entry.path()),
        _ => entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
            .unwrap_or_default(),
    };
    entries.map(time).max().unwrap_or_default()
}
