//! How well a bundle tells defects: from picture files, through the very runtime
//! that ships.

mod error;
mod figures;
mod map_folder;
mod mask_orientation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cfa_runtime::Provider;
use cfa_runtime::inspector::{Inspection, Inspector, PictureSize};
use cfa_runtime::ndarray::Array2;
use cfa_runtime::picture::{Limits, Mask, ReadOptions};
use cfa_runtime::preprocess::Preprocessing;
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::{
    CHECKED_AT_ONCE, DatasetError, GOOD, TestPicture, UsablePicture, require_masks, usable,
};
use crate::metrics::{MetricsError, PixelScores, RankedPixels};

pub use error::EvaluationError;
pub use figures::Figures;
pub use map_folder::{MapFolder, MapFolderError};

/// What came out over a labelled set; serialises to the object that
/// `cfa-train test --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Over all pictures.
    #[serde(flatten)]
    pub overall: Figures,
    /// For each kind of defect, over its pictures and all good ones.
    pub defects: BTreeMap<String, Figures>,
    /// Who computed the network; `None` when there were no pictures.
    pub provider: Option<&'static str>,
    /// Masks without an orientation, of pictures that were turned, whose size does not tell
    /// on which pixels they were drawn; they are taken as drawn on the turned picture.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub masks_without_orientation: Vec<PathBuf>,
    /// The pictures in the order they were given.
    #[serde(skip)]
    pub pictures: Vec<PictureScore>,
}

/// The score of one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureScore {
    /// The picture.
    pub picture: TestPicture,
    /// Its image score, raw.
    pub score: f32,
    /// Wall time of the inspection, milliseconds.
    pub total_ms: f64,
}

impl Evaluation {
    /// The pictures of each kind of defect by name, the good ones last; highest score
    /// first, equal scores by path.
    #[must_use]
    pub fn groups(&self) -> Vec<(&str, Vec<&PictureScore>)> {
        let defects = self.pictures.iter().map(|seen| &*seen.picture.defect);
        let mut names: Vec<&str> = defects.collect::<BTreeSet<_>>().into_iter().collect();
        names.sort_by_key(|&name| name == GOOD);
        let group = |name| {
            let of_group = |seen: &&PictureScore| seen.picture.defect == name;
            let mut pictures: Vec<_> = self.pictures.iter().filter(of_group).collect();
            pictures.sort_by(|a, b| {
                let by_score = b.score.total_cmp(&a.score);
                by_score.then_with(|| a.picture.path.cmp(&b.picture.path))
            });
            (name, pictures)
        };
        names.into_iter().map(group).collect()
    }
}

/// Lowest, median and highest score; `None` without pictures.
#[must_use]
pub fn score_range(pictures: &[&PictureScore]) -> Option<[f32; 3]> {
    let mut scores: Vec<f32> = pictures.iter().map(|seen| seen.score).collect();
    scores.sort_by(f32::total_cmp);
    let middle = scores.get((scores.len().max(1) - 1) / 2)?;
    let median = middle.midpoint(*scores.get(scores.len() / 2)?);
    Some([*scores.first()?, median, *scores.last()?])
}

/// Inspects every picture and compares with its label and mask. `seen` is told each
/// result, and may stop the work with an error.
///
/// Pixels are compared at the map's size: masks are resized and cropped as their
/// pictures are (nearest neighbour). As soon as one picture has a mask, every defective
/// one needs one.
///
/// # Errors
/// See [`EvaluationError`].
pub fn evaluate(
    inspector: &mut Inspector,
    pictures: &[TestPicture],
    seen: &mut dyn FnMut(&TestPicture, &Inspection) -> Result<(), EvaluationError>,
) -> Result<Evaluation, EvaluationError> {
    let preprocessing = inspector.manifest().preprocessing.clone();
    let reading = *inspector.reading();
    let mut tally = Tally::new(pictures)?;
    let paths: Vec<_> = pictures
        .iter()
        .map(|picture| picture.path.clone())
        .collect();
    for (picture, (_path, inspection)) in pictures.iter().zip(inspector.inspect_each(paths)?) {
        let inspection = inspection?;
        tally.add(picture, &inspection, &preprocessing, &reading)?;
        seen(picture, &inspection)?;
    }
    Ok(tally.finish()?)
}

/// Finds out before other work whether [`evaluate`] will take these pictures: decodes every
/// picture and mask once. `go_on` is asked before each few; `false` stops.
///
/// # Errors
/// Those that [`evaluate`] would give, or [`EvaluationError::Interrupted`].
pub fn check(
    pictures: &[TestPicture],
    preprocessing: &Preprocessing,
    limits: Limits,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<(), EvaluationError> {
    Tally::new(pictures)?;
    for some in pictures.chunks(CHECKED_AT_ONCE) {
        if !go_on() {
            return Err(EvaluationError::Interrupted);
        }
        some.par_iter()
            .try_for_each(|picture| check_one(picture, preprocessing, limits))?;
    }
    Ok(())
}

fn check_one(
    picture: &TestPicture,
    preprocessing: &Preprocessing,
    limits: Limits,
) -> Result<(), EvaluationError> {
    let UsablePicture {
        width_px,
        height_px,
        ..
    } = usable(&picture.path, preprocessing, limits).map_err(Box::new)?;
    let size = PictureSize {
        width_px,
        height_px,
    };
    full_mask(picture, size, &preprocessing.reading(limits)).map(|_mask| ())
}

/// What is kept of the pictures seen so far.
struct Tally {
    with_masks: bool,
    pictures: Vec<PictureScore>,
    /// By the name of the defect.
    pixels: BTreeMap<String, PixelScores>,
    masks_without_orientation: Vec<PathBuf>,
    provider: Option<Provider>,
}

impl Tally {
    fn new(pictures: &[TestPicture]) -> Result<Self, DatasetError> {
        let with_masks = pictures.iter().any(|picture| picture.mask.is_some());
        if with_masks {
            require_masks(pictures)?;
        }
        Ok(Self {
            with_masks,
            pictures: Vec::new(),
            pixels: BTreeMap::new(),
            masks_without_orientation: Vec::new(),
            provider: None,
        })
    }

    fn add(
        &mut self,
        picture: &TestPicture,
        inspection: &Inspection,
        preprocessing: &Preprocessing,
        reading: &ReadOptions,
    ) -> Result<(), EvaluationError> {
        if self.with_masks {
            let mask = map_mask(picture, inspection, preprocessing, reading)?;
            let unsure = mask_orientation::unsure(picture, inspection.picture_size, reading)?;
            self.masks_without_orientation.extend(unsure);
            let pixels = self.pixels.entry(picture.defect.clone()).or_default();
            pixels.add(&inspection.map.values, &mask)?;
        }
        self.provider = Some(inspection.provider);
        self.pictures.push(PictureScore {
            picture: picture.clone(),
            score: inspection.score,
            total_ms: inspection.stages.total_ms(),
        });
        Ok(())
    }

    fn finish(self) -> Result<Evaluation, MetricsError> {
        let pixels = self.pixels.into_iter();
        let pixels: BTreeMap<String, RankedPixels> = pixels
            .map(|(defect, pixels)| (defect, pixels.rank()))
            .collect();
        let figures = |wanted: &dyn Fn(&str) -> bool| {
            let parts = pixels.iter().filter(|(defect, _)| wanted(defect));
            let parts: Vec<_> = parts.map(|(_, pixels)| pixels).collect();
            let pictures = self.pictures.iter();
            Figures::of(pictures.filter(|seen| wanted(&seen.picture.defect)), &parts)
        };
        let mut defects = BTreeMap::new();
        for seen in self
            .pictures
            .iter()
            .filter(|seen| seen.picture.is_defective())
        {
            let name = &seen.picture.defect;
            if !defects.contains_key(name) {
                let of_defect = figures(&|defect| defect == name || defect == GOOD)?;
                defects.insert(name.clone(), of_defect);
            }
        }
        Ok(Evaluation {
            overall: figures(&|_| true)?,
            defects,
            provider: self.provider.map(Provider::name),
            masks_without_orientation: self.masks_without_orientation,
            pictures: self.pictures,
        })
    }
}

/// The mask in the map's geometry; all false for a good picture.
fn map_mask(
    picture: &TestPicture,
    inspection: &Inspection,
    preprocessing: &Preprocessing,
    reading: &ReadOptions,
) -> Result<Array2<bool>, EvaluationError> {
    let mask = full_mask(picture, inspection.picture_size, reading)?;
    Ok(match mask {
        Some(mask) => preprocessing.apply_mask(&mask),
        None => Array2::default(inspection.map.values.dim()),
    })
}

/// The mask of a picture of this size, turned as the picture is if it asks for that; `None`
/// for a good picture.
pub(crate) fn full_mask(
    picture: &TestPicture,
    size: PictureSize,
    reading: &ReadOptions,
) -> Result<Option<Mask>, EvaluationError> {
    let Some(path) = &picture.mask else {
        return Ok(None);
    };
    let mask = Mask::open(path, reading)?;
    let mask_size = (mask.width_px(), mask.height_px());
    let picture_size = (size.width_px, size.height_px);
    if mask_size == picture_size {
        return Ok(Some(mask));
    }
    mask_orientation::refuse_unturned(picture, size, mask_size, reading)?;
    let mask = path.display().to_string();
    Err(EvaluationError::MaskSize {
        mask,
        mask_size,
        picture_size,
    })
}
