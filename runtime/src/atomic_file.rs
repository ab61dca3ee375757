//! Files that appear complete or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Writes a file so that a reader finds the old content or the new, never a part.
///
/// `write` fills a temporary file in the same folder, which is flushed to disk
/// and renamed over `path`. If that fails, the temporary file is removed and
/// `path` is left as it was. Last, the folder is flushed; an error there means
/// that the new file is in place but may not survive a power cut. A program
/// that is killed meanwhile leaves a file `.cfa-*.partial`, safe to delete.
///
/// The new file gets the permissions of a freshly created one, and replaces a
/// symbolic link at `path` rather than what it points to.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = folder_of(path);
    let partial = filled(partial_file(folder)?, write)?;
    partial.persist(path).map_err(|refused| refused.error)?;
    sync_folder(folder)
}

/// Writes a new file as [`write_atomically`] does, and never over another.
///
/// If there is something at `path` already, even since a moment ago, the error is of the
/// kind [`AlreadyExists`](io::ErrorKind::AlreadyExists).
pub fn create_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = folder_of(path);
    let partial = filled(partial_file(folder)?, write)?;
    match partial.persist_noclobber(path) {
        Ok(_file) => sync_folder(folder),
        Err(refused) if is_there(path) || refused.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        // Some file systems can rename over a file alone.
        Err(refused) => {
            let partial = refused.file;
            partial.persist(path).map_err(|refused| refused.error)?;
            sync_folder(folder)
        }
    }
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn filled(
    partial: NamedTempFile,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let mut writer = BufWriter::new(partial);
    write(&mut writer)?;
    let partial = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    partial.as_file().sync_all()?;
    Ok(partial)
}

fn partial_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".cfa-").suffix(".partial");
    // A temporary file is private by default; the umask alone should decide.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Makes the rename itself survive a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened; the file system keeps its own order.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;

    use super::*;

    #[test]
    fn the_new_content_replaces_the_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old and longer").unwrap();
        write_atomically(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_old_content_stays_until_the_new_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        write_atomically(&path, |file| {
            file.write_all(b"half")?;
            file.flush()?;
            assert_eq!(fs::read(&path)?, b"old");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn a_failure_half_way_leaves_the_old_content_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = write_atomically(&path, |file| {
            file.write_all(&vec![0; 100_000])?;
            Err(full())
        })
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_is_never_written_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        create_atomically(&path, |file| file.write_all(b"first")).unwrap();
        let error = create_atomically(&path, |file| file.write_all(b"second")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// Contents of different lengths, so that a part of one is no other.
    #[cfg(unix)]
    #[test]
    fn a_reader_never_finds_a_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content = |number: u8| vec![number; 1000 * usize::from(number + 1)];
        write_atomically(&path, |file| file.write_all(&content(0))).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for number in 0..20 {
                    write_atomically(&path, |file| file.write_all(&content(number))).unwrap();
                }
            });
            while !writer.is_finished() {
                let found = fs::read(&path).unwrap();
                assert_eq!(found, content(found[0]));
            }
        });
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_as_readable_as_any_other_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let [plain, atomic] = ["plain", "atomic"].map(|name| folder.path().join(name));
        fs::write(&plain, "").unwrap();
        write_atomically(&atomic, |_| Ok(())).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&atomic), mode(&plain));
    }
}
