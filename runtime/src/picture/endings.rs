//! Names of the picture files that are found in folders, and of folders that are not searched.

use std::ffi::OsStr;
use std::path::Path;

/// File endings of the formats that are read, in lower case. Folders are searched for
/// these endings. The content of a file, not its ending, decides on its format.
pub const PICTURE_ENDINGS: [&str; 11] = [
    "png", "jpg", "jpeg", "jpe", "jfif", "jif", "bmp", "dib", "tif", "tiff", "webp",
];

/// Whether a path ends as a picture file does, in upper or lower case.
#[must_use]
pub fn has_picture_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| {
        PICTURE_ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// Folders that storage devices and operating systems make, in lower case.
const SYSTEM_FOLDERS: [&str; 13] = [
    "@eadir",
    "@recycle",
    "@recently-snapshot",
    "@sharebin",
    "@tmp",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "recycler",
    "lost+found",
    "system volume information",
    "__macosx",
    "network trash folder",
];

/// Whether a folder of this name holds thumbnails, deleted files and the like, and no pictures
/// of parts.
#[must_use]
pub fn is_system_folder(name: &OsStr) -> bool {
    let name = name.to_str();
    name.is_some_and(|name| {
        SYSTEM_FOLDERS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_storage_systems_are_known_in_any_case() {
        for name in ["@eaDir", "#Recycle", "lost+found", "$RECYCLE.BIN"] {
            assert!(is_system_folder(OsStr::new(name)), "{name}");
        }
        assert!(!is_system_folder(OsStr::new("good")));
    }

    #[test]
    fn endings_of_pictures_are_known_in_any_case() {
        for name in ["a.png", "a.JFIF", "b/c.Jpe", "d.tar.tiff"] {
            assert!(has_picture_ending(Path::new(name)), "{name}");
        }
        for name in ["png", ".png", "a.pgm", "a.png.txt", "a"] {
            assert!(!has_picture_ending(Path::new(name)), "{name}");
        }
    }
}
