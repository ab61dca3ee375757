//! Library files that this process has loaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Linux lists here what this process has mapped into memory.
const MAPPINGS: &str = "/proc/self/maps";

/// Nothing can be kept for a library whose file is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file that ONNX Runtime was loaded from is not known; name that file by its path")]
pub(super) struct UnknownLibrary;

/// A library file as it was when it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoadedFile {
    pub(super) path: PathBuf,
    pub(super) identity: String,
}

impl LoadedFile {
    /// `None` for a file that is no longer there.
    pub(super) fn at(path: PathBuf) -> Option<Self> {
        let identity = identity(&path)?;
        Some(Self { path, identity })
    }
}

/// Path, size and time of a file. A new version under the same path has another size or time.
pub(super) fn identity(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let metadata = path.metadata().ok()?;
    let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!(
        "{} {} {}",
        path.display(),
        metadata.len(),
        changed.as_nanos()
    ))
}

/// The file that code or data at `address` was loaded from; `None` where the system does not
/// report it.
#[must_use]
pub fn file_loaded_at(address: usize) -> Option<PathBuf> {
    holding(&mappings(), address)
}

/// One line for each piece of memory; none where the system does not report them.
pub(super) fn mappings() -> String {
    let not_reported = |_error| String::new();
    fs::read_to_string(MAPPINGS).unwrap_or_else(not_reported)
}

/// Files in the lines of [`mappings`].
pub(super) fn files(mappings: &str) -> impl Iterator<Item = PathBuf> {
    mappings.lines().filter_map(file)
}

fn holding(mappings: &str, address: usize) -> Option<PathBuf> {
    let holds =
        |line: &&str| bounds(line).is_some_and(|(first, end)| (first..end).contains(&address));
    mappings.lines().find(holds).and_then(file)
}

fn bounds(line: &str) -> Option<(usize, usize)> {
    let (first, end) = line.split_once(' ')?.0.split_once('-')?;
    let number = |digits| usize::from_str_radix(digits, 16).ok();
    Some((number(first)?, number(end)?))
}

fn file(line: &str) -> Option<PathBuf> {
    line.find('/').map(|at| PathBuf::from(&line[at..]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    const REPORTED: &str = "\
5581000-5582000 r--p 00000000 fd:01 17 /opt/a program
7f20000-7f21000 r--p 00000000 fd:01 18                 /opt/lib/libonnxruntime.so.1.24.1
7f21000-7f22000 rw-p 00000000 00:00 0
7f22000-7f23000 rw-p 00000000 00:00 0                  [heap]
7f23000-7f24000 r-xp 00000000 fd:01 19                 /opt/lib/libgone.so (deleted)
";

    #[test]
    fn an_address_belongs_to_one_file_or_none() {
        let at = |address| holding(REPORTED, address);
        let library = Some("/opt/lib/libonnxruntime.so.1.24.1".into());
        assert_eq!(at(0x7f2_0000), library);
        assert_eq!(at(0x7f2_0fff), library);
        assert_eq!(at(0x558_1000), Some("/opt/a program".into()));
        for nobodys in [0, 0x7f2_1000, 0x7f2_2000, 0x7f2_4000, usize::MAX] {
            assert_eq!(at(nobodys), None, "{nobodys:x}");
        }
        assert_eq!(files(REPORTED).count(), 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_code_is_in_the_file_of_these_tests() {
        let here = this_code_is_in_the_file_of_these_tests as *const () as usize;
        let file = file_loaded_at(here).unwrap();
        assert_eq!(file, std::env::current_exe().unwrap());
    }

    /// It is not known what was loaded from it.
    #[test]
    fn a_file_that_is_gone_has_no_identity() {
        assert_eq!(LoadedFile::at("/opt/lib/libgone.so (deleted)".into()), None);
        let file = tempfile::NamedTempFile::new().unwrap();
        let first = LoadedFile::at(file.path().to_owned()).unwrap();
        fs::write(file.path(), "longer").unwrap();
        assert_ne!(LoadedFile::at(file.path().to_owned()).unwrap(), first);
    }
}
