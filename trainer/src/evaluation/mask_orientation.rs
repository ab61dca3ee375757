//! Masks of pictures that are turned by the orientation which their files record.

use std::path::{Path, PathBuf};

use cfa_runtime::inspector::PictureSize;
use cfa_runtime::picture::{
    Orientation, OrientationRule, PictureError, ReadOptions, recorded_orientation,
};

use super::EvaluationError;
use crate::dataset::TestPicture;

/// Refuses a mask that has the size of the picture before its turn, and no orientation.
pub(super) fn refuse_unturned(
    picture: &TestPicture,
    size: PictureSize,
    mask_size: (u32, u32),
    reading: &ReadOptions,
) -> Result<(), EvaluationError> {
    let Some((mask, orientation)) = turned_alone(picture, reading)? else {
        return Ok(());
    };
    if !(changes_sides(orientation) && mask_size == (size.height_px, size.width_px)) {
        return Ok(());
    }
    Err(EvaluationError::UnturnedMask {
        mask: mask.display().to_string(),
        mask_size,
        orientation: orientation.to_exif(),
    })
}

/// The mask, where its picture is turned and it is not, and its size is the same both ways.
pub(super) fn unsure(
    picture: &TestPicture,
    size: PictureSize,
    reading: &ReadOptions,
) -> Result<Option<PathBuf>, PictureError> {
    let square = size.width_px == size.height_px;
    let turned = turned_alone(picture, reading)?;
    let unsure = turned.filter(|&(_, orientation)| square || !changes_sides(orientation));
    Ok(unsure.map(|(mask, _)| mask.to_owned()))
}

/// The mask without an orientation, and that of its picture.
fn turned_alone<'a>(
    picture: &'a TestPicture,
    reading: &ReadOptions,
) -> Result<Option<(&'a Path, Orientation)>, PictureError> {
    let Some(mask) = picture.mask.as_deref() else {
        return Ok(None);
    };
    if reading.orientation == OrientationRule::Stored {
        return Ok(None);
    }
    let orientation = recorded_orientation(&picture.path, &reading.limits)?;
    if orientation == Orientation::NoTransforms {
        return Ok(None);
    }
    let of_mask = recorded_orientation(mask, &reading.limits)?;
    Ok((of_mask == Orientation::NoTransforms).then_some((mask, orientation)))
}

fn changes_sides(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(
        orientation,
        Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH
    )
}
