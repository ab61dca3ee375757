//! Pictures that cannot be used, and why.

use std::fmt;
use std::path::PathBuf;

use cfa_runtime::picture::PictureError;
use cfa_runtime::preprocess::PreprocessError;

/// A picture that cannot be used.
#[derive(Debug)]
pub struct BadPicture {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: BadReason,
}

impl std::error::Error for BadPicture {}

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
