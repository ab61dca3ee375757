//! Masks of test pictures, as they were drawn.

use std::path::Path;

use cfa_runtime::inspector::PictureSize;
use cfa_runtime::picture::{Mask, MaskValues, ReadOptions};

use super::{EvaluationError, mask_orientation};
use crate::dataset::TestPicture;

/// A mask with many pixels between ground and defect is a photograph or the like: more
/// than one in so many pixels of the mask, and more than are defective.
const UNCLEAR_DIVISOR: u64 = 20;

/// The mask of a picture of this size, turned as the picture is if it asks for that; `None`
/// for a good picture.
pub(crate) fn full_mask(
    picture: &TestPicture,
    size: PictureSize,
    reading: &ReadOptions,
) -> Result<Option<Mask>, EvaluationError> {
    Ok(read_mask(picture, size, reading)?.map(|read| read.mask))
}

/// A mask with its file and the values in it.
pub(super) struct ReadMask<'a> {
    pub(super) path: &'a Path,
    pub(super) mask: Mask,
    pub(super) values: MaskValues,
}

/// The mask of a picture with the values of its file; `None` for a good picture.
pub(super) fn read_mask<'a>(
    picture: &'a TestPicture,
    size: PictureSize,
    reading: &ReadOptions,
) -> Result<Option<ReadMask<'a>>, EvaluationError> {
    let Some(path) = &picture.mask else {
        return Ok(None);
    };
    let (mask, values) = Mask::read(path, reading)?;
    let mask_size = (mask.width_px(), mask.height_px());
    let picture_size = (size.width_px, size.height_px);
    if mask_size != picture_size {
        mask_orientation::refuse_unturned(picture, size, mask_size, reading)?;
        return Err(EvaluationError::MaskSize {
            mask: path.display().to_string(),
            mask_size,
            picture_size,
        });
    }
    require_clear(path.display().to_string(), &mask, &values)?;
    Ok(Some(ReadMask { path, mask, values }))
}

fn require_clear(mask: String, read: &Mask, values: &MaskValues) -> Result<(), EvaluationError> {
    let pixels = read.defects().len() as u64;
    let unclear = values.unclear_px;
    if unclear <= read.defective_px() / 2 || unclear <= pixels / UNCLEAR_DIVISOR {
        return Ok(());
    }
    Err(EvaluationError::UnclearMask {
        mask,
        distinct: values.distinct,
        unclear_percent: 100 * unclear / pixels,
    })
}
