//! A store, and which of its entries stay.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::digests::DIGESTS;
use super::folder::{CacheFolder, CacheFolderError};

/// The names of partial entries begin with this.
const PARTIAL: &str = ".partial-";

/// A partial entry that is older than this was left by a program that was ended.
const ABANDONED: Duration = Duration::from_hours(1);

/// What kind of files a store keeps.
#[derive(Debug, Clone, Copy)]
pub(in crate::network) struct StoreKind {
    /// The name of its folder.
    pub(in crate::network) name: &'static str,
    /// How many entries stay, the ones used last; `None` keeps all.
    pub(in crate::network) most_kept: Option<usize>,
}

/// A folder with an entry for each key.
#[derive(Debug, Clone)]
pub(in crate::network) struct Store {
    kind: StoreKind,
    folder: CacheFolder,
}

impl Store {
    /// Opens the store of this kind below `cache_folder`, and makes it where it is missing.
    pub(in crate::network) fn open(
        cache_folder: &Path,
        kind: StoreKind,
    ) -> Result<Self, CacheFolderError> {
        let folder = CacheFolder::open(&cache_folder.join(kind.name))?;
        Ok(Self { kind, folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A new folder in the store, which is removed with the result.
    pub(super) fn partial(&self) -> io::Result<TempDir> {
        self.folder.temporary(PARTIAL)
    }

    /// Removes abandoned partial entries, and the entries that were not used for the longest
    /// time. What cannot be removed now is tried again the next time.
    pub(super) fn remove_old(&self) {
        let Some(most_kept) = self.kind.most_kept else {
            return;
        };
        let mut kept = Vec::new();
        let entries = fs::read_dir(self.folder.path());
        for entry in entries.into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if name.to_string_lossy().starts_with(PARTIAL) {
                if age(&path).is_none_or(|age| age > ABANDONED) {
                    let _later = fs::remove_dir_all(path);
                }
            } else {
                kept.push((age(&path.join(DIGESTS)), path));
            }
        }
        kept.sort();
        for (_age, path) in kept.into_iter().skip(most_kept) {
            let _later = fs::remove_dir_all(path);
        }
    }
}

/// The time since the last change; `None` sorts before all ages.
fn age(path: &Path) -> Option<Duration> {
    path.metadata().ok()?.modified().ok()?.elapsed().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use std::fs::File;
    use std::time::SystemTime;

    use super::super::{Entry, StoreKey};
    use super::*;

    const MOST_KEPT: usize = 8;
    const KIND: StoreKind = StoreKind {
        name: "files",
        most_kept: Some(MOST_KEPT),
    };

    const ALL: StoreKind = StoreKind {
        most_kept: None,
        ..KIND
    };

    fn filled(store: &Store, number: u64) -> Entry {
        let key = StoreKey::from_parts(&[number.to_string()]);
        let entry = Entry::in_store(store.clone(), &key).unwrap();
        let partial = entry.partial().unwrap();
        fs::write(partial.path().join("file"), "content").unwrap();
        entry.replace_by(partial.path()).unwrap();
        let recorded = File::options()
            .append(true)
            .open(entry.path().join(DIGESTS));
        let past = SystemTime::now() - Duration::from_secs(100 * number);
        recorded.unwrap().set_modified(past).unwrap();
        entry
    }

    #[test]
    fn entries_used_last_stay() {
        let base = tempfile::tempdir().unwrap();
        let all = Store::open(base.path(), ALL).unwrap();
        let numbers = 0..MOST_KEPT as u64 + 2;
        let entries: Vec<_> = numbers.map(|number| filled(&all, number)).collect();
        assert!(entries.iter().all(Entry::is_intact), "all are kept");
        Store::open(base.path(), KIND).unwrap().remove_old();
        let kept: Vec<bool> = entries.iter().map(Entry::is_intact).collect();
        assert!(kept[..MOST_KEPT].iter().all(|&kept| kept), "{kept:?}");
        assert_eq!(kept[MOST_KEPT..], [false, false]);
    }

    #[test]
    fn a_partial_entry_is_left_alone_unless_abandoned() {
        let base = tempfile::tempdir().unwrap();
        let store = Store::open(base.path(), KIND).unwrap();
        let [young, old] = ["young", "old"].map(|name| {
            let path = store.path().join(format!("{PARTIAL}{name}"));
            fs::create_dir(&path).unwrap();
            path
        });
        let past = SystemTime::now() - 2 * ABANDONED;
        File::open(&old).unwrap().set_modified(past).unwrap();
        store.remove_old();
        assert!(young.exists() && !old.exists());
    }
}
