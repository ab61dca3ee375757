//! Where the ONNX Runtime library lies when nobody says so.

use std::path::{Path, PathBuf};

const LIBRARY: &str = if cfg!(target_os = "windows") {
    "onnxruntime.dll"
} else if cfg!(target_os = "macos") {
    "libonnxruntime.dylib"
} else {
    "libonnxruntime.so"
};

/// The library installed beside `program` or in `../lib` beside it, or unpacked by
/// `cargo xtask setup` in the checkout that `program` was built in; else the bare
/// file name, which the system's loader looks up.
#[must_use]
pub fn library_near(program: &Path) -> PathBuf {
    let unpacked = folder_of(program)
        .into_iter()
        .flat_map(Path::ancestors)
        .map(|above| above.join(".native/onnxruntime").join(LIBRARY));
    first_file(neighbours(Some(program)).chain(unpacked))
}

/// The library installed beside `file` or in `../lib` beside it; else, or when `file`
/// is not known, the bare file name.
#[must_use]
pub fn library_beside(file: Option<&Path>) -> PathBuf {
    first_file(neighbours(file))
}

fn neighbours(file: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let folder = file.and_then(folder_of);
    folder
        .into_iter()
        .flat_map(|folder| [folder.join(LIBRARY), folder.join("../lib").join(LIBRARY)])
}

/// None when it is not known: a relative folder would be sought in the working
/// directory, where anybody may have put a library.
fn folder_of(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| folder.is_absolute())
}

fn first_file(mut paths: impl Iterator<Item = PathBuf>) -> PathBuf {
    paths
        .find(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from(LIBRARY))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    #[test]
    fn neighbours_are_found_and_the_checkout_only_for_programs() {
        let folder = tempfile::tempdir().unwrap();
        let unpacked = folder.path().join(".native/onnxruntime").join(LIBRARY);
        std::fs::create_dir_all(unpacked.parent().unwrap()).unwrap();
        std::fs::write(&unpacked, "").unwrap();
        let file = folder.path().join("bin/file");
        assert_eq!(library_near(&file), unpacked);
        assert_eq!(library_beside(Some(&file)), Path::new(LIBRARY));
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        let beside = file.with_file_name(LIBRARY);
        std::fs::write(&beside, "").unwrap();
        assert_eq!(library_beside(Some(&file)), beside);
        assert_eq!(library_near(&file), beside);
    }

    /// `src` is a folder of the working directory of these tests.
    #[test]
    fn the_working_directory_is_no_neighbour() {
        for unknown in ["", "file", "src/file"] {
            assert_eq!(folder_of(Path::new(unknown)), None);
        }
        assert_eq!(library_beside(None), Path::new(LIBRARY));
    }
}
