//! The place of a file that is going to be written.

use std::io;
use std::path::{Path, PathBuf};

/// A bundle cannot be written where it shall be.
#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot write the bundle; name a file in an existing folder", path = path.display())]
pub struct DestinationError {
    /// The bundle's path.
    pub path: PathBuf,
    /// Why it cannot be written.
    pub source: io::Error,
}

/// Finds out before long work whether a bundle can be written. It is written beside its
/// place first, so its folder must take a new file.
///
/// # Errors
/// `bundle` is a folder, or its folder does not exist or takes no new file.
pub fn check_destination(bundle: &Path) -> Result<(), DestinationError> {
    can_be_written(bundle).map_err(|source| DestinationError {
        path: bundle.to_owned(),
        source,
    })
}

fn can_be_written(bundle: &Path) -> io::Result<()> {
    if bundle.is_dir() || bundle.file_name().is_none() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    tempfile::tempfile_in(folder_of(bundle))?;
    Ok(())
}

/// The folder of a file; `.` for a bare name.
pub(crate) fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// The path with `ending` after its name.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_file_in_a_folder_can_be_written_and_a_folder_cannot() {
        let folder = tempfile::tempdir().unwrap();
        check_destination(&folder.path().join("new.cfa")).unwrap();
        for refused in [
            folder.path().to_owned(),
            folder.path().join("missing/a.cfa"),
        ] {
            let error = check_destination(&refused).unwrap_err();
            assert_eq!(error.path, refused);
        }
    }

    #[test]
    fn an_ending_is_added_to_the_name() {
        let found = with_ending(Path::new("some/model.cfa"), ".checkpoint");
        assert_eq!(found, Path::new("some/model.cfa.checkpoint"));
        assert_eq!(folder_of(&found), Path::new("some"));
        assert_eq!(folder_of(Path::new("model.cfa")), Path::new("."));
    }
}
