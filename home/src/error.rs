//! What can keep a site from being served.

use std::io;
use std::path::PathBuf;

/// Why the service could not start, or a site not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder or file of the site cannot be read.
    #[error("cannot read the site at {}: {}", .0.display(), .1)]
    Site(PathBuf, #[source] io::Error),
    /// A built-in page does not render.
    #[error("a page of the built-in site does not render: {0:#}")]
    Template(#[from] minijinja::Error),
    /// A built-in page is not text.
    #[error("{0} of the built-in site is not UTF-8")]
    Encoding(&'static str),
    /// The listener or a signal handler failed.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
}
