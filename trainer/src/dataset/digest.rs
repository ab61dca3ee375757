use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::DatasetError;
use crate::digest::sha256_hex;

/// A fingerprint of the files, in 64 lower-case hexadecimal digits.
///
/// The SHA-256 of their SHA-256 digests, as hexadecimal text, in the order of the sorted
/// paths. It stays the same when the folder moves, and changes with any byte, with a
/// file more or less, and with the order.
pub fn content_digest(paths: &[PathBuf]) -> Result<String, DatasetError> {
    let mut paths: Vec<&PathBuf> = paths.iter().collect();
    paths.sort();
    let digests: Vec<String> = paths
        .par_iter()
        .map(|path| file_digest(path))
        .collect::<Result<_, _>>()?;
    Ok(sha256_hex(digests.concat().as_bytes()))
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
