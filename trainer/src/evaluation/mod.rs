//! Evaluation of a bundle on labelled picture files, with the runtime that ships.

mod check;
mod error;
mod figures;
mod left_out;
mod map_folder;
mod mask_orientation;
mod masks;
pub mod metrics;
mod odd_masks;
mod outside_crop;
pub mod report;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cfa_runtime::Cancellation;
use cfa_runtime::inspector::{Inspection, Inspector};
use serde::Serialize;

use crate::dataset::{GOOD, TestPicture};
use crate::interruption::go_on;

pub use check::{CheckedTest, check};
pub use error::EvaluationError;
pub use figures::{Figures, PixelFigures};
pub use left_out::LeftOut;
pub use map_folder::{MapFolder, MapFolderError};
pub(crate) use masks::full_mask;
pub use odd_masks::{OddMask, Oddity};
pub use outside_crop::OutsideCrop;
use tally::Tally;

/// The results over a labelled set. Serialises to the object that the program prints as JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Over all pictures.
    #[serde(flatten)]
    pub overall: Figures,
    /// For each kind of defect, over its pictures and all good ones.
    pub defects: BTreeMap<String, Figures>,
    /// The defects that the centre crop hides; `None` without a crop or without masks.
    pub outside_crop: Option<OutsideCrop>,
    /// Masks that a person should check.
    pub odd_masks: Vec<OddMask>,
    /// Pictures that could not be inspected after all, and are in no figure.
    pub failed: Vec<LeftOut>,
    /// The provider that computed the network; `None` without pictures.
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

/// Inspects every picture and compares the result with its label and mask. `seen` is called
/// with each result; `cancellation` is looked at after it.
///
/// Pixels are compared at the map's size: masks are resized and cropped as their
/// pictures are (nearest neighbour). As soon as one picture has a mask, every defective
/// one needs one. A picture that cannot be inspected, or compared with its mask, is left
/// out and named in [`Evaluation::failed`]; [`check`] finds such pictures beforehand.
///
/// # Errors
/// See [`EvaluationError`]. When no picture could be inspected, that of the first.
pub fn evaluate(
    inspector: &mut Inspector,
    pictures: &[TestPicture],
    cancellation: &Cancellation,
    seen: &mut dyn FnMut(&TestPicture, &Inspection),
) -> Result<Evaluation, EvaluationError> {
    let reading = *inspector.reading();
    let mut tally = Tally::new(pictures, &inspector.manifest().preprocessing, reading)?;
    let paths: Vec<_> = pictures
        .iter()
        .map(|picture| picture.path.clone())
        .collect();
    let mut first_error = None;
    for (picture, (_path, inspection)) in pictures.iter().zip(inspector.inspect_each(paths)?) {
        let inspection = inspection.map_err(EvaluationError::from);
        let added = inspection.and_then(|inspection| {
            tally.add(picture, &inspection)?;
            Ok(inspection)
        });
        match added {
            Ok(inspection) => {
                seen(picture, &inspection);
                go_on(cancellation)?;
            }
            Err(error) => {
                tally.leave_out(picture, &error);
                first_error.get_or_insert(error);
            }
        }
    }
    match first_error {
        Some(error) if tally.is_empty() => Err(error),
        _ => tally.finish(),
    }
}
