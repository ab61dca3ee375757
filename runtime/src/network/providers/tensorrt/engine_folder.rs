//! The folder of one compiled network: filled by one opening at a time, and believed when it is
//! whole.
//!
//! ONNX Runtime writes an engine in place, and fails with one that was cut short.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::cancellation::Cancellation;
use crate::network::opening::Failure;
use crate::network::store::{CacheFolder, CacheFolderError, digests};
use crate::network::warnings::Warnings;

/// Between two looks whether another opening has come to its end.
const INTERVAL: Duration = Duration::from_millis(50);

/// One engine's place in the cache.
#[derive(Debug)]
pub(in crate::network) struct EngineFolder {
    folder: CacheFolder,
    /// Beside the folder, which is emptied.
    lock: PathBuf,
}

impl EngineFolder {
    /// `key` names what the engine is made of and for, in characters fit for a file name.
    pub(in crate::network) fn in_cache(
        cache_folder: &Path,
        key: &str,
    ) -> Result<Self, CacheFolderError> {
        let all = CacheFolder::open(&cache_folder.join("tensorrt"))?;
        Ok(Self {
            folder: all.subfolder(key)?,
            lock: all.path().join(format!("{key}.lock")),
        })
    }

    /// The path for those who take text alone.
    pub(in crate::network) fn text(&self) -> Result<&str, CacheFolderError> {
        self.folder.text()
    }

    /// Has `open` read and fill the folder, while no other process does. What is not whole is
    /// removed before, and what is refused is removed for a second attempt.
    pub(in crate::network) fn open<T, Words>(
        &self,
        asked: &Cancellation,
        warnings: &Warnings,
        mut open: impl FnMut() -> Result<T, Failure<Words>>,
    ) -> Result<T, Failure<Words>> {
        let _until_the_end = self.lock(asked)?;
        if !digests::is_intact(self.folder.path()) {
            self.empty()?;
        }
        let opened = match open() {
            Err(Failure::Open(_refused)) if self.is_kept() && !asked.is_cancelled() => {
                self.empty()?;
                open()?
            }
            opened => opened?,
        };
        if let Err(error) = digests::record(self.folder.path()) {
            let path = self.folder.path().display();
            warnings.extend([format!(
                "the compiled network is not kept for the next start: {path}: {error}"
            )]);
        }
        Ok(opened)
    }

    /// Whether what is there is from an opening that succeeded.
    fn is_kept(&self) -> bool {
        self.folder.path().join(digests::DIGESTS).exists()
    }

    /// Another opening may compile for minutes; that is waited for.
    fn lock<Words>(&self, asked: &Cancellation) -> Result<File, Failure<Words>> {
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true);
        let file = file
            .open(&self.lock)
            .map_err(|error| failed(&self.lock, error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if asked.is_cancelled() => {
                    return Err(Failure::Stopped);
                }
                Err(TryLockError::WouldBlock) => thread::sleep(INTERVAL),
                Err(TryLockError::Error(error)) => return Err(failed(&self.lock, error)),
            }
        }
    }

    /// First of all of the digests, so that what is left by an end in the middle is not believed.
    fn empty<Words>(&self) -> Result<(), Failure<Words>> {
        let folder = self.folder.path();
        let remove = || {
            let digests = folder.join(digests::DIGESTS);
            if digests.exists() {
                fs::remove_file(digests)?;
            }
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    fs::remove_dir_all(entry.path())?;
                } else {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        };
        remove().map_err(|error| failed(folder, error))
    }
}

fn failed<Words>(path: &Path, source: io::Error) -> Failure<Words> {
    Failure::Cache(CacheFolderError::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    type Refused = Failure<&'static str>;

    const ENGINE: &str = "TensorrtExecutionProvider_graph_0_sm90.engine";
    const TIMINGS: &str = "TensorrtExecutionProvider_cache_sm90.timing";

    /// Stands for TensorRT, which compiles what is not there.
    fn compile(folder: &EngineFolder) {
        for name in [ENGINE, TIMINGS] {
            fs::write(folder.folder.path().join(name), name).unwrap();
        }
    }

    fn place(base: &Path) -> EngineFolder {
        EngineFolder::in_cache(&base.join("cache"), "key").unwrap()
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
        let [first, second] =
            ["first", "second"].map(|key| EngineFolder::in_cache(base.path(), key).unwrap());
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
        let refused = EngineFolder::in_cache(&base.path().join("cache"), "key");
        assert!(matches!(refused, Err(CacheFolderError::Unsafe { .. })));
    }

    #[test]
    fn what_is_whole_is_found_again() {
        let base = tempfile::tempdir().unwrap();
        filled(base.path());
        let again = place(base.path());
        assert_eq!(opened(&again, || Ok(files(&again))).unwrap(), 3);
        assert_eq!(opened(&again, || Ok(files(&again))).unwrap(), 3);
    }

    #[test]
    fn what_is_not_whole_is_removed_before() {
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
                fs::remove_file(folder.join(digests::DIGESTS)).unwrap();
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

    /// As by another version of TensorRT.
    #[test]
    fn what_is_whole_and_refused_is_compiled_anew() {
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
        assert!(digests::is_intact(folder.folder.path()));
    }

    /// It may have compiled for minutes, and a second time would end alike.
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
        // What it left is not believed.
        assert_eq!(opened(&folder, || Ok(files(&folder))).unwrap(), 0);
    }

    #[test]
    fn an_opening_that_was_stopped_leaves_what_is_whole() {
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
    fn one_opens_at_a_time_and_who_waits_can_be_stopped() {
        let base = tempfile::tempdir().unwrap();
        let inside = AtomicUsize::new(0);
        let open = || {
            opened(&place(base.path()), || {
                let others = inside.fetch_add(1, Ordering::SeqCst);
                thread::sleep(3 * INTERVAL);
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
