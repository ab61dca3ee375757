//! The contents of a folder and of the folders below it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use cfa_runtime::picture::{has_picture_ending, is_system_folder};
use walkdir::{DirEntry, WalkDir};

use super::format::is_picture_of_another_format;
use super::{DatasetError, LeftOutReason, UnusedFile};

/// Folders of masks that lie among the pictures, in lower case.
const MASK_FOLDERS: [&str; 5] = ["ground_truth", "groundtruth", "gt", "mask", "masks"];

/// Pictures, and files that are not used.
#[derive(Debug, Default)]
pub(super) struct FoundFiles {
    /// Sorted by path.
    pub(super) pictures: Vec<PathBuf>,
    pub(super) left_out: Vec<UnusedFile>,
}

impl FoundFiles {
    pub(super) fn leave_out(&mut self, path: &Path, reason: LeftOutReason) {
        let path = path.to_owned();
        self.left_out.push(UnusedFile { path, reason });
    }

    /// Adds the findings of another folder.
    pub(super) fn extend(&mut self, other: Self) {
        self.pictures.extend(other.pictures);
        self.left_out.extend(other.left_out);
    }

    /// Adds the findings of another folder, all as not used.
    pub(super) fn extend_unused(&mut self, other: Self, reason: LeftOutReason) {
        for path in &other.pictures {
            self.leave_out(path, reason);
        }
        self.left_out.extend(other.left_out);
    }

    fn add_file(&mut self, path: &Path) {
        if has_picture_ending(path) {
            self.pictures.push(path.to_owned());
        } else if is_picture_of_another_format(path) {
            self.leave_out(path, LeftOutReason::OtherFormat);
        }
    }

    /// Returns whether the walk should skip this folder; `depth` is that of the walk.
    fn add(&mut self, entry: &DirEntry, depth: usize) -> bool {
        let (path, is_folder) = (entry.path(), entry.file_type().is_dir());
        if entry.depth() == 0 {
            return false;
        }
        if is_system_name(entry.file_name()) {
            if is_folder || has_picture_ending(path) {
                self.leave_out(path, LeftOutReason::System);
            }
            return is_folder;
        }
        if !is_folder {
            self.add_file(path);
            return false;
        }
        let of_masks = entry.depth() < depth && is_one_of(entry.file_name(), &MASK_FOLDERS);
        if of_masks {
            self.leave_out(path, LeftOutReason::MaskFolder);
        }
        of_masks
    }

    fn add_failure(&mut self, folder: &Path, error: walkdir::Error) -> Result<(), DatasetError> {
        let path = error.path().unwrap_or(folder).to_owned();
        if error.loop_ancestor().is_some() {
            self.leave_out(&path, LeftOutReason::CircularLink);
        } else if is_broken_link(&path) {
            self.leave_out(&path, LeftOutReason::BrokenLink);
        } else {
            let source = error.into();
            return Err(DatasetError::Unreadable { path, source });
        }
        Ok(())
    }
}

/// The pictures in `folder` and in the folders below it. Links are followed.
pub(super) fn pictures_below(folder: &Path) -> Result<FoundFiles, DatasetError> {
    walk(folder, usize::MAX)
}

/// The pictures that lie directly in `folder`. Links are followed.
pub(super) fn pictures_in(folder: &Path) -> Result<FoundFiles, DatasetError> {
    walk(folder, 1)
}

fn walk(folder: &Path, depth: usize) -> Result<FoundFiles, DatasetError> {
    let walk = WalkDir::new(folder).follow_links(true).max_depth(depth);
    let mut found = FoundFiles::default();
    let mut entries = walk.sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            // `max_depth` keeps folders of the last level closed already.
            Ok(entry) => {
                if found.add(&entry, depth) && entry.depth() < depth {
                    entries.skip_current_dir();
                }
            }
            Err(error) => found.add_failure(folder, error)?,
        }
    }
    found.pictures.sort();
    Ok(found)
}

/// The folders in `folder`, sorted. Links are followed; those of the system are left out.
pub(super) fn folders(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let entries = entries(folder)?.into_iter();
    let is_wanted = |path: &PathBuf| !path.file_name().is_some_and(is_system_name);
    Ok(entries
        .filter(|path| path.is_dir() && is_wanted(path))
        .collect())
}

/// The contents of `folder`, for messages: "other files (3) and folders (2: a, b)".
pub(super) fn contents(folder: &Path) -> Result<String, DatasetError> {
    let folders = folders(folder)?;
    let names = folders.iter().filter_map(|path| path.file_name());
    let names: Vec<_> = names.take(10).map(OsStr::to_string_lossy).collect();
    let files = entries(folder)?.into_iter().filter(|path| {
        let hidden = path.file_name().is_some_and(is_system_name);
        path.is_file() && !hidden
    });
    let files = files.count();
    Ok(match folders.len() {
        0 if files == 0 => "it is empty".to_owned(),
        0 => format!("it holds other files ({files})"),
        count => format!(
            "it holds other files ({files}) and folders ({count}: {})",
            names.join(", ")
        ),
    })
}

/// Sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let unreadable = |source| DatasetError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn is_system_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") || is_system_folder(name)
}

pub(super) fn is_one_of(name: &OsStr, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_broken_link(path: &Path) -> bool {
    let link = fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink());
    link && fs::metadata(path).is_err()
}
