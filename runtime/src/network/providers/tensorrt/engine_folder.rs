//! The folder of one compiled network. One opening at a time fills it, and it is used when it is
//! intact.
//!
//! ONNX Runtime writes an engine in place, and fails with an engine that was cut short.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::cancellation::Cancellation;
use crate::network::failure::Failure;
use crate::network::store::{CacheFolder, CacheFolderError, Entry, Store, StoreKey, StoreKind};
use crate::network::warnings::Warnings;

/// Engines are large and take minutes to compile, so the user decides which of them to remove.
const KIND: StoreKind = StoreKind {
    name: "tensorrt",
    most_kept: None,
};

/// One engine's place in the cache.
#[derive(Debug)]
pub(super) struct EngineFolder {
    entry: Entry,
    folder: CacheFolder,
}

impl EngineFolder {
    pub(super) fn in_cache(cache_folder: &Path, key: &StoreKey) -> Result<Self, CacheFolderError> {
        let entry = Entry::in_store(Store::open(cache_folder, KIND)?, key)?;
        let folder = entry.create()?;
        Ok(Self { entry, folder })
    }

    /// The path as text.
    pub(super) fn text(&self) -> Result<&str, CacheFolderError> {
        self.folder.text()
    }

    /// Lets `open` read and fill the folder, while no other process does. Files that are not
    /// intact are removed before. Files that are refused are removed for a second attempt.
    pub(super) fn open<T, Message>(
        &self,
        cancellation: &Cancellation,
        warnings: &Warnings,
        mut open: impl FnMut() -> Result<T, Failure<Message>>,
    ) -> Result<T, Failure<Message>> {
        let _until_the_end = self.lock(cancellation)?;
        if !self.entry.is_intact() {
            self.empty()?;
        }
        let opened = match open() {
            Err(Failure::Open(_refused))
                if self.entry.is_recorded() && !cancellation.is_cancelled() =>
            {
                self.empty()?;
                open()?
            }
            opened => opened?,
        };
        if let Err(error) = self.entry.record() {
            let path = self.folder.path().display();
            warnings.extend([format!(
                "the compiled network is not kept for the next start: {path}: {error}"
            )]);
        }
        Ok(opened)
    }

    /// Another opening may compile for minutes, and this one waits for it.
    fn lock<Message>(&self, cancellation: &Cancellation) -> Result<File, Failure<Message>> {
        let locked = self.entry.lock(|| cancellation.is_cancelled());
        let locked = locked.map_err(|error| self.failed(error))?;
        locked.ok_or(Failure::Stopped)
    }

    fn empty<Message>(&self) -> Result<(), Failure<Message>> {
        self.entry.empty().map_err(|error| self.failed(error))
    }

    fn failed<Message>(&self, source: io::Error) -> Failure<Message> {
        Failure::Cache(CacheFolderError::Io {
            path: self.folder.path().to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use std::fs;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;
    use crate::network::store::LOCK_INTERVAL;

    type Refused = Failure<&'static str>;

    const ENGINE: &str = "TensorrtExecutionProvider_graph_0_sm90.engine";
    const TIMINGS: &str = "TensorrtExecutionProvider_cache_sm90.timing";

    fn key(name: &str) -> StoreKey {
        StoreKey::from_parts(&[name])
    }

    /// Does what TensorRT does, which compiles an engine that is missing.
    fn compile(folder: &EngineFolder) {
        for name in [ENGINE, TIMINGS] {
            fs::write(folder.folder.path().join(name), name).unwrap();
        }
    }

    fn place(base: &Path) -> EngineFolder {
        EngineFolder::in_cache(&base.join("cache"), &key("key")).unwrap()
    }

    /// A folder that an opening has filled.
    fn filled(base: &Path) -> EngineFolder {
        let folder = place(base);
        opened(&folder, || {
            compile(&folder);
            Ok(())
        })
        .unwrap();
        folder
    }

    fn opened<T>(
        folder: &EngineFolder,
        open: impl FnMut() -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        folder.open(&Cancellation::new(), &Warnings::default(), open)
    }

    fn files(folder: &EngineFolder) -> usize {
        fs::read_dir(folder.folder.path()).unwrap().count()
    }

    fn refusal() -> Refused {
        Failure::Open("could not deserialize engine")
    }

    #[cfg(unix)]
    #[test]
    fn engines_are_kept_in_a_folder_of_their_own_that_nobody_else_reads() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"]
            .map(|name| EngineFolder::in_cache(base.path(), &key(name)).unwrap());
        assert_ne!(first.folder, second.folder);
        for folder in [first, second] {
            let mode = folder.folder.path().metadata().unwrap().permissions();
            assert_eq!(mode.mode() & 0o777, 0o700);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_kept_where_others_may_write() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(base.path(), open).unwrap();
        let refused = EngineFolder::in_cache(&base.path().join("cache"), &key("key"));
        assert!(matches!(refused, Err(CacheFolderError::Unsafe { .. })));
    }

    #[test]
    fn what_is_intact_is_found_again() {
        let base = tempfile::tempdir().unwrap();
        filled(base.path());
        let again = place(base.path());
        assert_eq!(opened(&again, || Ok(files(&again))).unwrap(), 3);
        assert_eq!(opened(&again, || Ok(files(&again))).unwrap(), 3);
    }

    #[test]
    fn what_is_not_intact_is_removed_before() {
        type Damage = fn(&Path);
        let damages: [(&str, Damage); 6] = [
            ("half-written", |folder| {
                fs::write(folder.join(ENGINE), &ENGINE[..9]).unwrap();
            }),
            ("damaged", |folder| {
                fs::write(folder.join(ENGINE), ENGINE.to_uppercase()).unwrap();
            }),
            ("another beside it", |folder| {
                fs::write(folder.join("another.engine"), "").unwrap();
            }),
            ("a file is gone", |folder| {
                fs::remove_file(folder.join(TIMINGS)).unwrap();
            }),
            ("no digests", |folder| {
                fs::remove_file(folder.join("sha256")).unwrap();
            }),
            ("a folder in it", |folder| {
                fs::create_dir(folder.join("folder")).unwrap();
            }),
        ];
        for (name, damage) in damages {
            let base = tempfile::tempdir().unwrap();
            let folder = filled(base.path());
            damage(folder.folder.path());
            let found = opened(&folder, || {
                let found = files(&folder);
                compile(&folder);
                Ok(found)
            });
            assert_eq!(found.unwrap(), 0, "{name}");
            assert_eq!(opened(&folder, || Ok(files(&folder))).unwrap(), 3, "{name}");
        }
    }

    /// Another version of TensorRT may refuse an engine.
    #[test]
    fn what_is_intact_and_refused_is_compiled_again() {
        let base = tempfile::tempdir().unwrap();
        let folder = filled(base.path());
        let mut found = Vec::new();
        opened(&folder, || {
            found.push(files(&folder));
            if files(&folder) > 0 {
                return Err(refusal());
            }
            compile(&folder);
            Ok(())
        })
        .unwrap();
        assert_eq!(found, [3, 0]);
        assert!(folder.entry.is_intact());
    }

    /// It may have compiled for minutes, and would fail again.
    #[test]
    fn a_network_that_cannot_be_compiled_is_tried_once() {
        let base = tempfile::tempdir().unwrap();
        let folder = place(base.path());
        let mut attempts = 0;
        let failed: Result<(), _> = opened(&folder, || {
            attempts += 1;
            compile(&folder);
            Err(refusal())
        });
        assert!(matches!(failed, Err(Failure::Open(_))));
        assert_eq!(attempts, 1);
        // What it left is not trusted.
        assert_eq!(opened(&folder, || Ok(files(&folder))).unwrap(), 0);
    }

    #[test]
    fn an_opening_that_was_stopped_leaves_what_is_intact() {
        let base = tempfile::tempdir().unwrap();
        let folder = filled(base.path());
        let asked = Cancellation::new();
        let stopped: Result<(), _> = folder.open(&asked, &Warnings::default(), || {
            asked.cancel();
            Err(refusal())
        });
        assert!(matches!(stopped, Err(Failure::Open(_))));
        assert_eq!(opened(&folder, || Ok(files(&folder))).unwrap(), 3);
    }

    #[test]
    fn one_opens_at_a_time_and_waiting_can_be_stopped() {
        let base = tempfile::tempdir().unwrap();
        let inside = AtomicUsize::new(0);
        let open = || {
            opened(&place(base.path()), || {
                let others = inside.fetch_add(1, Ordering::SeqCst);
                thread::sleep(3 * LOCK_INTERVAL);
                inside.fetch_sub(1, Ordering::SeqCst);
                Ok(others)
            })
        };
        thread::scope(|scope| {
            let all = [scope.spawn(open), scope.spawn(open)];
            for opened in all {
                assert_eq!(opened.join().unwrap().unwrap(), 0);
            }
        });
        let (first, second) = (place(base.path()), place(base.path()));
        opened(&first, || {
            let asked = Cancellation::new();
            asked.cancel();
            let waiting: Result<(), Refused> = second.open(&asked, &Warnings::default(), || Ok(()));
            assert!(matches!(waiting, Err(Failure::Stopped)));
            Ok(())
        })
        .unwrap();
    }
}
