//! One entry of a store: a folder of files that are used only when they are complete.
//!
//! There are two ways to fill an entry. Files that we write are made in a partial entry, which
//! then takes the entry's place at once. A provider that insists on the entry's own folder fills
//! it under a lock. Either way the digests are recorded last, and make the entry complete.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::digests::{self, DIGESTS};
use super::folder::{CacheFolder, CacheFolderError};
use super::key::StoreKey;
use super::root::Store;

/// The time between two attempts to lock an entry.
pub(in crate::network) const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// The files of one key.
#[derive(Debug)]
pub(in crate::network) struct Entry {
    store: Store,
    folder: PathBuf,
    /// It lies beside the folder, because the folder is emptied.
    lock: PathBuf,
}

impl Entry {
    /// The entry with this key, which may have no files yet.
    pub(in crate::network) fn in_store(
        store: Store,
        key: &StoreKey,
    ) -> Result<Self, CacheFolderError> {
        let name = key.to_string();
        let all = store.path();
        let (folder, lock) = (all.join(&name), all.join(format!("{name}.lock")));
        if folder.exists() {
            CacheFolder::open(&folder)?;
        }
        Ok(Self {
            store,
            folder,
            lock,
        })
    }

    /// The folder of the files, which may be missing.
    pub(in crate::network) fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder, for the owner alone.
    pub(in crate::network) fn create(&self) -> Result<CacheFolder, CacheFolderError> {
        CacheFolder::open(&self.folder)
    }

    /// Whether all files have the digests that were recorded.
    pub(in crate::network) fn is_intact(&self) -> bool {
        digests::is_intact(&self.folder)
    }

    /// Whether the files were complete once.
    pub(in crate::network) fn is_recorded(&self) -> bool {
        self.folder.join(DIGESTS).exists()
    }

    /// Records that the files are complete as they are now.
    pub(in crate::network) fn record(&self) -> io::Result<()> {
        digests::record(&self.folder)?;
        self.store.remove_old();
        Ok(())
    }

    /// Makes this entry the one that was used last. A failure is ignored: it affects only which
    /// entry is removed first.
    pub(in crate::network) fn mark_used(&self) {
        let digests = File::options().append(true).open(self.folder.join(DIGESTS));
        let _untouched = digests.and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// A new folder beside this entry's, which is removed with the result.
    pub(in crate::network) fn partial(&self) -> io::Result<TempDir> {
        self.store.partial()
    }

    /// Records the files in `partial`, and puts them in the place of this entry's. Another
    /// process may do so at the same time; then the files of one of the two stay.
    pub(in crate::network) fn replace_by(&self, partial: &Path) -> io::Result<()> {
        digests::record(partial)?;
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match fs::rename(partial, &self.folder) {
            Err(_other_process) if self.is_intact() => {}
            renamed => renamed?,
        }
        self.store.remove_old();
        Ok(())
    }

    /// Removes all files, the digests first: what is left by an end in the middle is not
    /// trusted.
    pub(in crate::network) fn empty(&self) -> io::Result<()> {
        let digests = self.folder.join(DIGESTS);
        if digests.exists() {
            fs::remove_file(digests)?;
        }
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Waits until no other holds the lock, and holds it as long as the result lives; `None`
    /// when the waiting was stopped.
    pub(in crate::network) fn lock(
        &self,
        is_stopped: impl Fn() -> bool,
    ) -> io::Result<Option<File>> {
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true);
        let file = file.open(&self.lock)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if is_stopped() => return Ok(None),
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_INTERVAL),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::super::StoreKind;
    use super::*;

    const KIND: StoreKind = StoreKind {
        name: "files",
        most_kept: Some(8),
    };

    #[test]
    fn a_second_writer_takes_the_place_of_the_first() {
        let base = tempfile::tempdir().unwrap();
        let store = Store::open(base.path(), KIND).unwrap();
        let entry = Entry::in_store(store, &StoreKey::from_parts(&["key"])).unwrap();
        for text in ["first", "second"] {
            let partial = entry.partial().unwrap();
            fs::write(partial.path().join("file"), text).unwrap();
            entry.replace_by(partial.path()).unwrap();
            assert!(entry.is_intact() && !partial.path().exists());
            assert_eq!(fs::read_to_string(entry.path().join("file")).unwrap(), text);
        }
    }
}
