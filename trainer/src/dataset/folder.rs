//! What lies in one folder.

use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use super::DatasetError;

const PICTURE_ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp"];

/// The pictures in `folder`, sorted; links are not followed.
pub(super) fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let files = entries(folder, FileType::is_file)?;
    Ok(files.into_iter().filter(|path| is_picture(path)).collect())
}

/// The folders in `folder`, sorted; links are not followed.
pub(super) fn folders(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    entries(folder, FileType::is_dir)
}

/// What stands in `folder`, for messages: "other files (3) and folders (2: a, b)".
pub(super) fn contents(folder: &Path) -> Result<String, DatasetError> {
    let folders = folders(folder)?;
    let names = folders.iter().filter_map(|path| path.file_name());
    let names: Vec<_> = names.take(10).map(OsStr::to_string_lossy).collect();
    let files = entries(folder, FileType::is_file)?.len();
    Ok(match folders.len() {
        0 if files == 0 => "it is empty".to_owned(),
        0 => format!("it holds other files ({files})"),
        count => format!(
            "it holds other files ({files}) and folders ({count}: {})",
            names.join(", ")
        ),
    })
}

fn entries(folder: &Path, wanted: fn(&FileType) -> bool) -> Result<Vec<PathBuf>, DatasetError> {
    let unreadable = |source| DatasetError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && wanted(&entry.file_type().map_err(unreadable)?) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    PICTURE_ENDINGS
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}
