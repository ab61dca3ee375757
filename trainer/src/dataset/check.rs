use std::fmt;
use std::path::PathBuf;

use cfa_runtime::picture::{Limits, Picture, PictureError};
use rayon::prelude::*;

use super::DatasetError;

/// A picture that cannot be used.
#[derive(Debug)]
pub struct BadPicture {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: PictureError,
}

impl fmt::Display for BadPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

/// What an audit found; both in the order of the paths given.
#[derive(Debug)]
pub struct CheckedPictures {
    /// Pictures that decode and are large enough; at least one, unless none was given.
    pub good: Vec<PathBuf>,
    /// The others; none unless they may be skipped.
    pub bad: Vec<BadPicture>,
}

/// Decodes every picture once, in parallel, before hours are spent on them.
///
/// Bad pictures are an error that names them, or with `skip_bad` a part of the result;
/// when every single one is bad, it is an error either way. `progress` is called once a
/// picture, from several threads and in no particular order.
pub fn check_pictures(
    paths: &[PathBuf],
    limits: &Limits,
    skip_bad: bool,
    progress: impl Fn() + Sync,
) -> Result<CheckedPictures, DatasetError> {
    let (good, bad): (Vec<PathBuf>, Vec<BadPicture>) = paths.par_iter().partition_map(|path| {
        let opened = Picture::open(path, limits);
        progress();
        match opened {
            Ok(_) => rayon::iter::Either::Left(path.clone()),
            Err(reason) => rayon::iter::Either::Right(BadPicture {
                path: path.clone(),
                reason,
            }),
        }
    });
    match (bad.is_empty(), good.is_empty(), skip_bad) {
        (true, ..) | (false, false, true) => Ok(CheckedPictures { good, bad }),
        (false, true, true) => Err(DatasetError::AllBad { bad }),
        (false, _, false) => Err(DatasetError::BadPictures { bad }),
    }
}
