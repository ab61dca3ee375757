//! A look at all test pictures and masks before the long work.

use std::path::PathBuf;

use cfa_runtime::Cancellation;
use cfa_runtime::inspector::PictureSize;
use cfa_runtime::picture::Limits;
use cfa_runtime::preprocess::Preprocessing;
use rayon::prelude::*;

use super::masks::full_mask;
use super::odd_masks::{looks_inverted, require_upright};
use super::{EvaluationError, LeftOut};
use crate::dataset::{CHECKED_AT_ONCE, Fingerprint, Seen, TestPicture, require_masks, seen};
use crate::interruption::go_on;

/// The results of [`check`]; both lists are in the order of the pictures.
#[derive(Debug, Clone, Default)]
pub struct CheckedTest {
    /// Pictures that can be used, each with its mask.
    pub pictures: Vec<TestPicture>,
    /// The fingerprint of each picture, with its place among all pictures.
    pub fingerprints: Vec<(usize, Fingerprint)>,
    /// The others; none unless they may be skipped.
    pub left_out: Vec<LeftOut>,
}

/// Finds out before other work whether [`evaluate`](super::evaluate) will take these
/// pictures: decodes every picture and mask once. `cancellation` is looked at before each few.
///
/// # Errors
/// Defective pictures lack masks, the masks look inverted, or the work was stopped.
/// Pictures or masks that cannot be used are an error that names them all, or with
/// `skip_bad` a part of the result; when every picture is bad, it is an error either way.
pub fn check(
    pictures: &[TestPicture],
    preprocessing: &Preprocessing,
    limits: Limits,
    skip_bad: bool,
    cancellation: &Cancellation,
) -> Result<CheckedTest, EvaluationError> {
    if pictures.iter().any(|picture| picture.mask.is_some()) {
        require_masks(pictures)?;
    }
    let (mut checked, mut inverted) = (CheckedTest::default(), Vec::new());
    for (part, some) in pictures.chunks(CHECKED_AT_ONCE).enumerate() {
        go_on(cancellation)?;
        let looks = some
            .par_iter()
            .map(|picture| check_one(picture, preprocessing, limits));
        let looks = some.iter().zip(looks.collect::<Vec<_>>());
        for (place, (picture, look)) in (part * CHECKED_AT_ONCE..).zip(looks) {
            match look {
                Ok((found, fingerprint)) => {
                    inverted.extend(found);
                    checked.fingerprints.push((place, fingerprint));
                    checked.pictures.push(picture.clone());
                }
                Err(error) => {
                    let left_out = LeftOut::new(picture.path.clone(), &error);
                    checked.left_out.push(left_out);
                }
            }
        }
    }
    let none_left = checked.pictures.is_empty();
    if !checked.left_out.is_empty() && (!skip_bad || none_left) {
        return Err(EvaluationError::Unusable {
            left_out: checked.left_out,
        });
    }
    let masks = checked.pictures.iter().filter(|p| p.mask.is_some());
    require_upright(&inverted, masks.count())?;
    Ok(checked)
}

/// The mask, when it looks inverted, and the fingerprint of the picture.
fn check_one(
    picture: &TestPicture,
    preprocessing: &Preprocessing,
    limits: Limits,
) -> Result<(Option<PathBuf>, Fingerprint), EvaluationError> {
    let Seen {
        usable,
        fingerprint,
    } = seen(&picture.path, preprocessing, limits).map_err(Box::new)?;
    let size = PictureSize {
        width_px: usable.width_px,
        height_px: usable.height_px,
    };
    let mask = full_mask(picture, size, &preprocessing.reading(limits))?;
    let inverted = mask.is_some_and(|mask| looks_inverted(&mask));
    let inverted = picture.mask.clone().filter(|_mask| inverted);
    Ok((inverted, fingerprint))
}
