//! A folder that only its owner can write to, for files that are trusted when read.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Why a folder is not used as a cache.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheFolderError {
    /// It cannot be made or read.
    #[error("the cache folder {} cannot be used; name another one", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// Other users could put files there, or replace the folder by one of theirs.
    #[error(
        "the cache in {} is not safe: compiled networks are run as they are, and {} {problem}",
        folder.display(),
        culprit.display()
    )]
    Unsafe {
        /// The cache folder.
        folder: PathBuf,
        /// The folder that is not safe: the cache folder, or one above it.
        culprit: PathBuf,
        /// What is wrong with it, and what to do.
        problem: &'static str,
    },
}

/// A folder that was checked to be private. It belongs to the user who runs this program, and
/// nobody else may enter it. Every folder above it belongs to that user or to root, and not
/// everybody can write to it, unless it is sticky, as `/tmp` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheFolder(PathBuf);

impl CacheFolder {
    /// Makes the folder for the owner alone, if it is missing, and checks it.
    pub fn open(path: &Path) -> Result<Self, CacheFolderError> {
        let failed = |source| CacheFolderError::Io {
            path: path.to_owned(),
            source,
        };
        make(path).map_err(failed)?;
        // Links are followed once, here, so that the folder that is checked is the one used.
        let real = path.canonicalize().map_err(failed)?;
        check(&real)?;
        Ok(Self(real))
    }

    /// A new folder in this one, which is removed with the result.
    pub(in crate::network) fn temporary(&self, prefix: &str) -> io::Result<TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        builder.tempdir_in(&self.0)
    }

    /// The path as text.
    pub(in crate::network) fn text(&self) -> Result<&str, CacheFolderError> {
        self.0.to_str().ok_or_else(|| CacheFolderError::Io {
            path: self.0.clone(),
            source: io::Error::new(io::ErrorKind::InvalidInput, "its name is not UTF-8"),
        })
    }

    /// The path, without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(unix)]
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn make(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(unix)]
fn check(folder: &Path) -> Result<(), CacheFolderError> {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    for above in folder.ancestors() {
        let found = above.metadata().map_err(|source| CacheFolderError::Io {
            path: above.to_owned(),
            source,
        })?;
        let owner = Owner {
            uid: found.uid(),
            mode: found.mode(),
        };
        let problem = if above == folder {
            owner.problem_of_folder(user)
        } else {
            owner.problem_above(user)
        };
        if let Some(problem) = problem {
            return Err(CacheFolderError::Unsafe {
                folder: folder.to_owned(),
                culprit: above.to_owned(),
                problem,
            });
        }
    }
    Ok(())
}

/// Windows keeps a user's own folders from others by its access lists.
#[cfg(not(unix))]
fn check(_folder: &Path) -> Result<(), CacheFolderError> {
    Ok(())
}

/// The owner of a folder, and what others may do there.
#[cfg(unix)]
#[derive(Debug, Clone, Copy)]
struct Owner {
    uid: u32,
    mode: u32,
}

#[cfg(unix)]
impl Owner {
    fn problem_of_folder(self, user: u32) -> Option<&'static str> {
        if self.uid != user {
            return Some("belongs to another user; name a folder of your own");
        }
        (self.mode & 0o077 != 0)
            .then_some("is open to others, who may have put some there; remove it")
    }

    fn problem_above(self, user: u32) -> Option<&'static str> {
        const ROOT: u32 = 0;
        if self.uid != user && self.uid != ROOT {
            return Some("belongs to another user; name a folder elsewhere");
        }
        let (writable, sticky) = (self.mode & 0o002 != 0, self.mode & 0o1000 != 0);
        (writable && !sticky).then_some("can be written to by everybody; name a folder elsewhere")
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "for tests only")]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn refused(path: &Path) -> (PathBuf, &'static str) {
        match CacheFolder::open(path).unwrap_err() {
            CacheFolderError::Unsafe {
                culprit, problem, ..
            } => (culprit, problem),
            other @ CacheFolderError::Io { .. } => panic!("{other}"),
        }
    }

    #[test]
    fn a_missing_folder_is_made_for_the_owner_alone() {
        let base = tempfile::tempdir().unwrap();
        let folder = CacheFolder::open(&base.path().join("a/b")).unwrap();
        for made in [folder.path(), folder.path().parent().unwrap()] {
            let found = made.metadata().unwrap().permissions().mode();
            assert_eq!(found & 0o777, 0o700);
        }
        assert_eq!(CacheFolder::open(&base.path().join("a/b")).unwrap(), folder);
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        for open in [0o701, 0o710, 0o720, 0o702, 0o755, 0o777] {
            let base = tempfile::tempdir().unwrap();
            let folder = base.path().join("cache");
            fs::create_dir(&folder).unwrap();
            mode(&folder, open);
            let (culprit, problem) = refused(&folder);
            assert_eq!(culprit, folder.canonicalize().unwrap(), "{open:o}");
            assert!(problem.contains("remove it"), "{problem}");
        }
    }

    #[test]
    fn a_folder_below_one_that_all_may_write_to_is_refused_unless_that_is_sticky() {
        let base = tempfile::tempdir().unwrap();
        let shared = base.path().join("shared");
        fs::create_dir(&shared).unwrap();
        mode(&shared, 0o777);
        let (culprit, problem) = refused(&shared.join("deep/cache"));
        assert_eq!(culprit, shared.canonicalize().unwrap());
        assert!(problem.contains("everybody"), "{problem}");
        mode(&shared, 0o1777);
        CacheFolder::open(&shared.join("deep/cache")).unwrap();
    }

    #[test]
    fn a_link_leads_to_what_is_checked() {
        let base = tempfile::tempdir().unwrap();
        let shared = base.path().join("shared");
        fs::create_dir(&shared).unwrap();
        mode(&shared, 0o777);
        fs::create_dir(shared.join("cache")).unwrap();
        mode(&shared.join("cache"), 0o700);
        let link = base.path().join("link");
        symlink(shared.join("cache"), &link).unwrap();
        assert_eq!(refused(&link).0, shared.canonicalize().unwrap());
    }

    #[test]
    fn folders_of_other_users_are_not_trusted() {
        let me = 1000;
        let owner = |uid, mode| Owner { uid, mode };
        assert!(owner(me, 0o40700).problem_of_folder(me).is_none());
        assert!(owner(0, 0o40700).problem_of_folder(me).is_some());
        assert!(owner(1001, 0o40700).problem_of_folder(me).is_some());
        assert!(owner(0, 0o40755).problem_above(me).is_none());
        assert!(owner(me, 0o40755).problem_above(me).is_none());
        assert!(owner(1001, 0o40755).problem_above(me).is_some());
        // A sticky folder's owner may still exchange what lies in it.
        assert!(owner(1001, 0o41777).problem_above(me).is_some());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("file");
        fs::write(&file, "").unwrap();
        let error = CacheFolder::open(&file).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }
}
