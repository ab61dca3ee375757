use std::fmt;
use std::path::{Path, PathBuf};

use cfa_runtime::picture::{Limits, Picture, PictureError};
use cfa_runtime::preprocess::{PreprocessError, Preprocessing};
use rayon::prelude::*;

use super::DatasetError;

/// A picture that cannot be used.
#[derive(Debug)]
pub struct BadPicture {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: BadReason,
}

/// Why a picture cannot be used.
#[derive(Debug)]
pub enum BadReason {
    /// It does not decode, or is too small or too large; names the file.
    Picture(PictureError),
    /// It cannot be brought to the network's input.
    Preprocess(PreprocessError),
}

impl fmt::Display for BadPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            BadReason::Picture(error) => error.fmt(f),
            BadReason::Preprocess(error) => write!(f, "{}: {error}", self.path.display()),
        }
    }
}

/// What an audit found; both in the order of the paths given.
#[derive(Debug)]
pub struct CheckedPictures {
    /// Pictures that can be prepared for the network; at least one, unless none was given.
    pub good: Vec<PathBuf>,
    /// The others; none unless they may be skipped.
    pub bad: Vec<BadPicture>,
}

/// Decodes every picture once, in parallel, before hours are spent on them, and asks
/// `preprocessing` whether it can prepare a picture of that size.
///
/// Bad pictures are an error that names them, or with `skip_bad` a part of the result;
/// when every single one is bad, it is an error either way. `progress` is called once a
/// picture, from several threads and in no particular order.
pub fn check_pictures(
    paths: &[PathBuf],
    preprocessing: &Preprocessing,
    skip_bad: bool,
    progress: impl Fn() + Sync,
) -> Result<CheckedPictures, DatasetError> {
    let (good, bad): (Vec<PathBuf>, Vec<BadPicture>) = paths.par_iter().partition_map(|path| {
        let checked = check_picture(path, preprocessing);
        progress();
        match checked {
            Ok(_size) => rayon::iter::Either::Left(path.clone()),
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

/// Width and height of a picture that can be inspected.
fn check_picture(path: &Path, preprocessing: &Preprocessing) -> Result<(u32, u32), BadReason> {
    let picture = Picture::open(path, &Limits::default()).map_err(BadReason::Picture)?;
    let (width, height) = (picture.width_px(), picture.height_px());
    let prepared = preprocessing.check_picture(width, height);
    prepared.map_err(BadReason::Preprocess)?;
    Ok((width, height))
}
