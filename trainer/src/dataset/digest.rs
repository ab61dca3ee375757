use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cfa_runtime::BrokenInvariant;
use rayon::prelude::*;

use super::DatasetError;
use crate::digest::sha256_hex;

/// A fingerprint of the files, in 64 lower-case hexadecimal digits.
///
/// The SHA-256 of their SHA-256 digests, as hexadecimal text, in the order of the sorted
/// paths. It stays the same when the folder moves, and changes with any byte, with a
/// file more or less, and with the order.
pub fn content_digest(paths: &[PathBuf]) -> Result<String, DatasetError> {
    Ok(FileDigests::new(paths)?.content())
}

const IS_KNOWN: BrokenInvariant =
    BrokenInvariant("the digest of each picture to train on is known");

/// The digests of files, by path.
pub(crate) struct FileDigests(BTreeMap<PathBuf, String>);

impl FileDigests {
    pub(crate) fn new(paths: &[PathBuf]) -> Result<Self, DatasetError> {
        let digests = file_digests(paths)?;
        Ok(Self(paths.iter().cloned().zip(digests).collect()))
    }

    /// The result of [`content_digest`] for these files.
    pub(crate) fn content(&self) -> String {
        let digests: Vec<&str> = self.0.values().map(String::as_str).collect();
        sha256_hex(digests.concat().as_bytes())
    }

    /// The digests of some of the files, in the order of the paths.
    ///
    /// # Errors
    /// A path that is none of the files.
    pub(crate) fn of_files(&self, paths: &[PathBuf]) -> Result<Vec<&str>, BrokenInvariant> {
        let digest = |path| self.0.get(path).map(String::as_str);
        let digests = paths.iter().map(|path| digest(path).ok_or(IS_KNOWN));
        digests.collect()
    }
}

/// The SHA-256 of each file, as hexadecimal text, in the order of the paths.
pub(crate) fn file_digests(paths: &[PathBuf]) -> Result<Vec<String>, DatasetError> {
    paths.par_iter().map(|path| file_digest(path)).collect()
}

fn file_digest(path: &Path) -> Result<String, DatasetError> {
    let bytes = fs::read(path).map_err(|source| DatasetError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(sha256_hex(&bytes))
}
