//! Reads a folder from disk: what a static export has, and nothing it did not mean to publish.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{Content, MAX_IN_MEMORY, Source};
use crate::error::Error;

/// All files below a folder. Names that begin with a dot stay private (`.well-known` excepted),
/// and so does whatever a link points to outside the folder.
pub(super) fn read(root: &Path) -> Result<Vec<Source>, Error> {
    let root = root.canonicalize().map_err(|error| Error::Site(root.to_owned(), error))?;
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| Error::Site(folder.clone(), error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Error::Site(folder.clone(), error))?;
            let path = entry.path();
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                tracing::warn!(file = %path.display(), "left out: its name is not UTF-8");
                continue;
            };
            if name.starts_with('.') && name != ".well-known" {
                continue;
            }
            match kind(&path, &root) {
                Ok(Kind::Folder) => folders.push(path),
                Ok(Kind::File(file)) => sources.push(source(&path, file, &root)?),
                Ok(Kind::Neither) => {
                    tracing::warn!(file = %path.display(), "left out: it leads out of the site");
                }
                Err(error) => return Err(Error::Site(path, error)),
            }
        }
    }
    Ok(sources)
}

enum Kind {
    Folder,
    /// Where the file really is.
    File(PathBuf),
    Neither,
}

/// Links to files inside the site are followed (a mounted `ConfigMap` is full of them), links to
/// folders are not: they can go in circles.
fn kind(path: &Path, root: &Path) -> std::io::Result<Kind> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        return Ok(Kind::Folder);
    }
    let target = path.canonicalize()?;
    Ok(if target.starts_with(root) && target.is_file() {
        Kind::File(target)
    } else {
        Kind::Neither
    })
}

fn source(path: &Path, file: PathBuf, root: &Path) -> Result<Source, Error> {
    let failed = |error| Error::Site(path.to_owned(), error);
    let metadata = fs::metadata(&file).map_err(failed)?;
    let content = if metadata.len() > MAX_IN_MEMORY {
        Content::Disk { file, length: metadata.len() }
    } else {
        Content::Memory(Bytes::from(fs::read(&file).map_err(failed)?))
    };
    let relative = path.strip_prefix(root).unwrap_or(path);
    let names: Vec<_> = relative.iter().filter_map(|name| name.to_str()).collect();
    Ok(Source { path: names.join("/"), content, modified: metadata.modified().map_err(failed)? })
}
