//! The data folder: one process at a time, files that only their owner can read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::demo::random;

/// A data folder that this process holds.
pub(crate) struct Folder {
    path: PathBuf,
    temporary: bool,
    _lock: File,
}

impl Folder {
    /// Opens or makes the folder and locks it.
    ///
    /// # Errors
    /// One line: the folder cannot be made, or another process uses it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        Self::lock(path.to_owned(), false)
    }

    /// A folder that is gone, with all that is in it, when the value is dropped.
    pub(crate) fn temporary() -> anyhow::Result<Self> {
        let name = hex::encode(random::<8>()?);
        let name = format!("alternate-futures-{name}");
        Self::lock(std::env::temp_dir().join(name), true)
    }

    fn lock(path: PathBuf, temporary: bool) -> anyhow::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make the data folder {}", path.display()))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .with_context(|| format!("cannot write to the data folder {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, temporary, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "the data folder {} is in use by another process; stop it, or set LOCAL_DATA_DIR to another folder",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// A path inside.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether it is gone at the end.
    pub(crate) fn is_temporary(&self) -> bool {
        self.temporary
    }

    /// The text of a file, or `None` when there is none.
    pub(crate) fn read(&self, name: &str) -> anyhow::Result<Option<String>> {
        match fs::read_to_string(self.join(name)) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{}", self.join(name).display())),
        }
    }

    /// Writes a file whole or not at all, readable by its owner alone.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let (path, draft) = (self.join(name), self.join(&format!("{name}.new")));
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true).mode(0o600);
        options
            .open(&draft)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&draft, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Removes the folder if nothing but the lock is in it.
    pub(crate) fn remove_if_empty(&self) {
        let others = fs::read_dir(&self.path).map_or(usize::MAX, Iterator::count);
        if others == 1 {
            self.remove("lock");
            let _ = fs::remove_dir(&self.path);
        }
    }

    /// Removes a file; one that is not there is fine.
    pub(crate) fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.join(name));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
