use std::path::{Path, PathBuf};

use cfa_runtime::Cancellation;
use cfa_runtime::picture::{Limits, Picture, SixteenBitUse};
use cfa_runtime::preprocess::Preprocessing;
use rayon::prelude::*;

use super::{BadPicture, BadReason, Copies, DatasetError, Depths, Fingerprint};
use crate::interruption::go_on;

/// Pictures that are decoded at the same time: bounds the memory, whatever the number of
/// cores.
pub(crate) const CHECKED_AT_ONCE: usize = 8;

/// What an audit found; both lists in the order of the paths given.
#[derive(Debug, Default)]
pub struct CheckedPictures {
    /// Pictures that can be prepared for the network; at least one, unless none was given.
    pub good: Vec<PathBuf>,
    /// The others; none unless they may be skipped.
    pub bad: Vec<BadPicture>,
    /// Pixels of the largest good one.
    pub largest_px: u64,
    /// In which depths the good ones come.
    pub depths: Depths,
    /// The fingerprint of each good picture.
    pub fingerprints: Vec<Fingerprint>,
}

impl CheckedPictures {
    /// The good pictures that are equal or nearly equal; only equal ones with
    /// `count_similar`.
    #[must_use]
    pub fn copies(&self, count_similar: bool) -> Copies {
        if count_similar {
            Copies::equal_among(&self.good, &self.fingerprints)
        } else {
            Copies::among(&self.good, &self.fingerprints)
        }
    }
}

/// Decodes every picture once, eight at a time, before hours are spent on them. Files are
/// read by the rule of `preprocessing` and within `limits`. `preprocessing` is also asked
/// whether it can prepare a picture of that size.
///
/// Bad pictures are an error that names them, or with `skip_bad` a part of the result;
/// when every single one is bad, it is an error either way. `cancellation` is looked at before
/// each few pictures; a cancelled one ends with [`DatasetError::Interrupted`].
pub fn check_pictures(
    paths: &[PathBuf],
    preprocessing: &Preprocessing,
    limits: Limits,
    skip_bad: bool,
    cancellation: &Cancellation,
) -> Result<CheckedPictures, DatasetError> {
    let mut checked = CheckedPictures::default();
    for some in paths.chunks(CHECKED_AT_ONCE) {
        go_on(cancellation)?;
        let seen = some
            .par_iter()
            .map(|path| seen(path, preprocessing, limits));
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
                usable,
                fingerprint,
            }) => {
                let pixels = u64::from(usable.width_px) * u64::from(usable.height_px);
                self.largest_px = self.largest_px.max(pixels);
                self.depths.add(usable.depth);
                self.good.push(path.to_owned());
                self.fingerprints.push(fingerprint);
            }
            Err(bad) => self.bad.push(bad),
        }
    }
}

/// Size and depth of a picture that can be inspected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UsablePicture {
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    /// `None` for 8 bits a sample.
    depth: Option<SixteenBitUse>,
}

impl From<&Picture> for UsablePicture {
    fn from(picture: &Picture) -> Self {
        Self {
            width_px: picture.width_px(),
            height_px: picture.height_px(),
            depth: SixteenBitUse::in_picture(picture),
        }
    }
}

/// The facts that are kept of a picture that can be inspected.
pub(crate) struct Seen {
    pub(crate) usable: UsablePicture,
    pub(crate) fingerprint: Fingerprint,
}

/// Decodes a picture and makes sure that it can be inspected.
pub(crate) fn seen(
    path: &Path,
    preprocessing: &Preprocessing,
    limits: Limits,
) -> Result<Seen, BadPicture> {
    let picture = open(path, preprocessing, limits)?;
    Ok(Seen {
        usable: UsablePicture::from(&picture),
        fingerprint: Fingerprint::new(&picture),
    })
}

/// A picture that can be inspected.
fn open(path: &Path, preprocessing: &Preprocessing, limits: Limits) -> Result<Picture, BadPicture> {
    let bad = |reason| BadPicture {
        path: path.to_owned(),
        reason,
    };
    let picture = Picture::open(path, &preprocessing.reading(limits));
    let picture = picture.map_err(|error| bad(BadReason::Picture(error)))?;
    let (width_px, height_px) = (picture.width_px(), picture.height_px());
    let prepared = preprocessing.check_picture(width_px, height_px);
    prepared.map_err(|error| bad(BadReason::Preprocess(error)))?;
    Ok(picture)
}

/// The fingerprints of those pictures that can be inspected, with their places in `paths`.
/// `cancellation` is looked at before each few pictures; a cancelled one ends with
/// [`DatasetError::Interrupted`].
pub fn fingerprints(
    paths: &[PathBuf],
    preprocessing: &Preprocessing,
    limits: Limits,
    cancellation: &Cancellation,
) -> Result<Vec<(usize, Fingerprint)>, DatasetError> {
    let mut found = Vec::new();
    for (part, some) in paths.chunks(CHECKED_AT_ONCE).enumerate() {
        go_on(cancellation)?;
        let seen = some
            .par_iter()
            .map(|path| seen(path, preprocessing, limits));
        for (index, seen) in seen.collect::<Vec<_>>().into_iter().enumerate() {
            let place = part * CHECKED_AT_ONCE + index;
            // A picture that cannot be inspected has no fingerprint.
            found.extend(seen.ok().map(|seen| (place, seen.fingerprint)));
        }
    }
    Ok(found)
}
