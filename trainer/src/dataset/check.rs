use std::fmt;
use std::path::{Path, PathBuf};

use cfa_runtime::picture::{Picture, PictureError, ReadOptions};
use cfa_runtime::preprocess::{PreprocessError, Preprocessing};
use rayon::prelude::*;

use super::{Copies, DatasetError, Fingerprint};

/// Pictures that are decoded at the same time: bounds the memory, whatever the number of
/// cores.
pub(crate) const CHECKED_AT_ONCE: usize = 8;

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

/// What an audit found; both lists in the order of the paths given.
#[derive(Debug, Default)]
pub struct CheckedPictures {
    /// Pictures that can be prepared for the network; at least one, unless none was given.
    pub good: Vec<PathBuf>,
    /// The others; none unless they may be skipped.
    pub bad: Vec<BadPicture>,
    /// Pixels of the largest good one.
    pub largest_px: u64,
    /// What each good one is compared with others by.
    pub fingerprints: Vec<Fingerprint>,
}

impl CheckedPictures {
    /// Which of the good ones are equal or, unless such count as different ones
    /// (`count_similar`), nearly equal.
    #[must_use]
    pub fn copies(&self, count_similar: bool) -> Copies {
        if count_similar {
            Copies::equal_among(&self.good, &self.fingerprints)
        } else {
            Copies::among(&self.good, &self.fingerprints)
        }
    }
}

/// Decodes every picture once, eight at a time, before hours are spent on
/// them, and asks `preprocessing` whether it can prepare a picture of that size.
///
/// Bad pictures are an error that names them, or with `skip_bad` a part of the result;
/// when every single one is bad, it is an error either way. `go_on` is asked on the
/// calling thread before each few pictures; `false` ends with [`DatasetError::Interrupted`].
pub fn check_pictures(
    paths: &[PathBuf],
    preprocessing: &Preprocessing,
    skip_bad: bool,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<CheckedPictures, DatasetError> {
    let mut checked = CheckedPictures::default();
    for some in paths.chunks(CHECKED_AT_ONCE) {
        if !go_on() {
            return Err(DatasetError::Interrupted);
        }
        let seen = some.par_iter().map(|path| seen(path, preprocessing));
        for (path, seen) in some.iter().zip(seen.collect::<Vec<_>>()) {
            checked.add(path, seen);
        }
    }
    let CheckedPictures { good, bad, .. } = &checked;
    match (bad.is_empty(), good.is_empty(), skip_bad) {
        (true, ..) | (false, false, true) => Ok(checked),
        (false, true, true) => Err(DatasetError::AllBad { bad: checked.bad }),
        (false, _, false) => Err(DatasetError::BadPictures { bad: checked.bad }),
    }
}

impl CheckedPictures {
    fn add(&mut self, path: &Path, seen: Result<Seen, BadPicture>) {
        match seen {
            Ok(Seen {
                pixels,
                fingerprint,
            }) => {
                self.largest_px = self.largest_px.max(pixels);
                self.good.push(path.to_owned());
                self.fingerprints.push(fingerprint);
            }
            Err(bad) => self.bad.push(bad),
        }
    }
}

/// What is kept of a picture that can be inspected.
struct Seen {
    pixels: u64,
    fingerprint: Fingerprint,
}

fn seen(path: &Path, preprocessing: &Preprocessing) -> Result<Seen, BadPicture> {
    let picture = usable(path, preprocessing)?;
    Ok(Seen {
        pixels: u64::from(picture.width_px()) * u64::from(picture.height_px()),
        fingerprint: Fingerprint::new(&picture),
    })
}

/// Width and height of a picture that can be inspected.
pub(crate) fn usable_size(
    path: &Path,
    preprocessing: &Preprocessing,
) -> Result<(u32, u32), BadPicture> {
    let picture = usable(path, preprocessing)?;
    Ok((picture.width_px(), picture.height_px()))
}

/// A picture that can be inspected.
fn usable(path: &Path, preprocessing: &Preprocessing) -> Result<Picture, BadPicture> {
    let bad = |reason| BadPicture {
        path: path.to_owned(),
        reason,
    };
    let picture = Picture::open(path, &ReadOptions::default());
    let picture = picture.map_err(|error| bad(BadReason::Picture(error)))?;
    let (width, height) = (picture.width_px(), picture.height_px());
    let prepared = preprocessing.check_picture(width, height);
    prepared.map_err(|error| bad(BadReason::Preprocess(error)))?;
    Ok(picture)
}

/// The fingerprints of those pictures that can be inspected, with their places in `paths`.
/// `go_on` is asked before each few pictures; `false` ends with
/// [`DatasetError::Interrupted`].
pub fn fingerprints(
    paths: &[PathBuf],
    preprocessing: &Preprocessing,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Vec<(usize, Fingerprint)>, DatasetError> {
    let mut found = Vec::new();
    for (part, some) in paths.chunks(CHECKED_AT_ONCE).enumerate() {
        if !go_on() {
            return Err(DatasetError::Interrupted);
        }
        let seen = some.par_iter().map(|path| seen(path, preprocessing));
        for (index, seen) in seen.collect::<Vec<_>>().into_iter().enumerate() {
            let place = part * CHECKED_AT_ONCE + index;
            found.extend(seen.ok().map(|seen| (place, seen.fingerprint)));
        }
    }
    Ok(found)
}
