//! How well a bundle tells defects: from picture files, through the very runtime
//! that ships.

use cfa_runtime::inspector::{InspectError, Inspection, Inspector};
use cfa_runtime::picture::{Limits, Mask, PictureError};
use cfa_runtime::preprocess::Preprocessing;
use serde::Serialize;

use crate::dataset::{DatasetError, TestPicture};
use crate::metrics::{MetricsError, PixelAuroc, auroc};

/// Figures of merit over a labelled set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Area under the ROC curve of the image scores; `None` when good or defective
    /// pictures are missing.
    pub image_auroc: Option<f64>,
    /// The same over all pixels of all maps, masks brought to the map's size and
    /// crop (nearest neighbour) as anomalib does; `None` without masks.
    pub pixel_auroc: Option<f64>,
    /// Pictures looked at.
    pub images: usize,
    /// Of these, defective.
    pub defective: usize,
}

/// Why a set cannot be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A picture cannot be inspected.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// A mask cannot be read.
    #[error(transparent)]
    Mask(#[from] PictureError),
    /// The data set has no test pictures, or lacks masks.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A figure cannot be made of the scores.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A mask that belongs to another picture.
    #[error(
        "{mask} is {mask_size:?} px, its picture {picture_size:?} px (width, height); draw it again in the picture's size"
    )]
    MaskSize {
        /// The mask's file.
        mask: String,
        /// Its width and height.
        mask_size: (u32, u32),
        /// Those of the picture.
        picture_size: (u32, u32),
    },
}

/// Inspects every picture and compares with its label and mask. `seen` is told each
/// result.
///
/// # Errors
/// See [`EvaluationError`].
pub fn evaluate(
    inspector: &mut Inspector,
    pictures: &[TestPicture],
    seen: &mut dyn FnMut(&TestPicture, &Inspection),
) -> Result<Evaluation, EvaluationError> {
    let preprocessing = inspector.manifest().preprocessing.clone();
    let with_masks = pictures.iter().any(|p| p.mask.is_some());
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    let mut pixels = PixelAuroc::default();
    for picture in pictures {
        let inspection = inspector.inspect_path(&picture.path)?;
        scores.push(inspection.score);
        labels.push(picture.is_defective());
        if with_masks {
            let mask = map_mask(picture, &inspection, &preprocessing)?;
            let values: Vec<f32> = inspection.map.values.iter().copied().collect();
            pixels.add(&values, &mask)?;
        }
        seen(picture, &inspection);
    }
    Ok(Evaluation {
        image_auroc: auroc(&scores, &labels)?,
        pixel_auroc: pixels.finish(),
        images: labels.len(),
        defective: labels.iter().filter(|&&defective| defective).count(),
    })
}

/// The mask in the map's geometry; all false for a good picture.
fn map_mask(
    picture: &TestPicture,
    inspection: &Inspection,
    preprocessing: &Preprocessing,
) -> Result<Vec<bool>, EvaluationError> {
    let Some(path) = &picture.mask else {
        return Ok(vec![false; inspection.map.values.len()]);
    };
    let mask = Mask::open(path, &Limits::default())?;
    let mask_size = (mask.width_px(), mask.height_px());
    let picture_size = (
        inspection.picture_size.width_px,
        inspection.picture_size.height_px,
    );
    if mask_size != picture_size {
        let mask = path.display().to_string();
        return Err(EvaluationError::MaskSize {
            mask,
            mask_size,
            picture_size,
        });
    }
    Ok(preprocessing.apply_mask(&mask).into_iter().collect())
}
