use std::collections::BTreeMap;
use std::path::PathBuf;

use cfa_runtime::Provider;
use cfa_runtime::inspector::{Inspection, PictureSize};
use cfa_runtime::ndarray::Array2;
use cfa_runtime::picture::{Mask, ReadOptions};
use cfa_runtime::preprocess::{AspectRule, Preprocessing, Size};

use super::mask_orientation;
use super::masks::{ReadMask, read_mask};
use super::odd_masks::{looks_inverted, oddities, of_good_picture, require_upright};
use super::{Evaluation, EvaluationError, Figures, LeftOut, OddMask, OutsideCrop, PictureScore};
use crate::dataset::{DatasetError, GOOD, TestPicture, require_masks};
use crate::evaluation::metrics::{MetricsError, PixelScores, RankedPixels};

/// The facts that are kept of the pictures so far.
pub(super) struct Tally {
    preprocessing: Preprocessing,
    reading: ReadOptions,
    with_masks: bool,
    pub(super) pictures: Vec<PictureScore>,
    /// Pixels, by the name of the defect.
    pixels: BTreeMap<String, PixelScores>,
    provider: Option<Provider>,
    pub(super) seen_masks: SeenMasks,
    failed: Vec<LeftOut>,
}

/// The facts that are kept of the masks.
#[derive(Default)]
pub(super) struct SeenMasks {
    masks: usize,
    inverted: Vec<PathBuf>,
    pub(super) odd: Vec<OddMask>,
    outside_crop: OutsideCrop,
    /// See [`Evaluation::masks_without_orientation`].
    without_orientation: Vec<PathBuf>,
}

impl Tally {
    pub(super) fn new(
        pictures: &[TestPicture],
        preprocessing: &Preprocessing,
        reading: ReadOptions,
    ) -> Result<Self, DatasetError> {
        let with_masks = pictures.iter().any(|picture| picture.mask.is_some());
        if with_masks {
            require_masks(pictures)?;
        }
        Ok(Self {
            preprocessing: preprocessing.clone(),
            reading,
            with_masks,
            pictures: Vec::new(),
            pixels: BTreeMap::new(),
            provider: None,
            seen_masks: SeenMasks::default(),
            failed: Vec::new(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    pub(super) fn leave_out(&mut self, picture: &TestPicture, error: &EvaluationError) {
        let left_out = LeftOut::new(picture.path.clone(), error);
        self.failed.push(left_out);
    }

    /// Adds a picture; nothing after an error.
    pub(super) fn add(
        &mut self,
        picture: &TestPicture,
        inspection: &Inspection,
    ) -> Result<(), EvaluationError> {
        if inspection.score.is_nan() {
            return Err(MetricsError::NotANumber { index: 0 }.into());
        }
        if self.with_masks {
            let (size, recipe) = (inspection.picture_size, &self.preprocessing);
            let mask = self.seen_masks.add(picture, size, recipe, &self.reading)?;
            self.add_pixels(picture, inspection, mask.as_ref())?;
        }
        self.provider = Some(inspection.provider);
        self.pictures.push(PictureScore {
            picture: picture.clone(),
            score: inspection.score,
            total_ms: inspection.stages.total_ms(),
        });
        Ok(())
    }

    fn add_pixels(
        &mut self,
        picture: &TestPicture,
        inspection: &Inspection,
        mask: Option<&Mask>,
    ) -> Result<(), MetricsError> {
        let size = inspection.picture_size;
        let resized = self.preprocessing.resized(size.width_px, size.height_px);
        let mask = match mask {
            Some(mask) => self.preprocessing.resize_mask(mask),
            None => Array2::default((resized.height, resized.width)),
        };
        let pixels = self.pixels.entry(picture.defect.clone()).or_default();
        if hides_something(&self.preprocessing) {
            let Size { height, width } = self.preprocessing.crop_offset(resized);
            pixels.add_part(&inspection.map.values, &mask, (height, width))
        } else {
            pixels.add(&inspection.map.values, &mask)
        }
    }

    pub(super) fn finish(self) -> Result<Evaluation, EvaluationError> {
        let SeenMasks {
            masks,
            inverted,
            odd,
            outside_crop,
            without_orientation,
        } = self.seen_masks;
        require_upright(&inverted, masks)?;
        let pixels = self.pixels.into_iter();
        let pixels: BTreeMap<String, RankedPixels> = pixels
            .map(|(defect, pixels)| (defect, pixels.rank()))
            .collect();
        let figures = |wanted: &dyn Fn(&str) -> bool| {
            let parts = pixels.iter().filter(|(defect, _)| wanted(defect));
            let parts: Vec<_> = parts.map(|(_, pixels)| pixels).collect();
            let pictures = self.pictures.iter();
            Figures::measure(pictures.filter(|seen| wanted(&seen.picture.defect)), &parts)
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
        let hidden = self.with_masks && hides_something(&self.preprocessing);
        Ok(Evaluation {
            overall: figures(&|_| true)?,
            defects,
            outside_crop: hidden.then_some(outside_crop),
            odd_masks: odd,
            failed: self.failed,
            provider: self.provider.map(Provider::name),
            masks_without_orientation: without_orientation,
            pictures: self.pictures,
        })
    }
}

impl SeenMasks {
    /// The mask of a picture of this size, as it was drawn; `None` for a good picture.
    pub(super) fn add(
        &mut self,
        picture: &TestPicture,
        size: PictureSize,
        preprocessing: &Preprocessing,
        reading: &ReadOptions,
    ) -> Result<Option<Mask>, EvaluationError> {
        let Some(ReadMask { path, mask, values }) = read_mask(picture, size, reading)? else {
            self.odd.extend(of_good_picture(picture));
            return Ok(None);
        };
        self.without_orientation
            .extend(mask_orientation::unsure(picture, size, reading)?);
        self.masks += 1;
        self.inverted
            .extend(looks_inverted(&mask).then(|| path.to_owned()));
        self.odd.extend(oddities(path, &mask, &values));
        self.outside_crop.add(&mask, preprocessing)?;
        Ok(Some(mask))
    }
}

/// Whether the recipe leaves a part of some picture out.
fn hides_something(preprocessing: &Preprocessing) -> bool {
    let recipe = preprocessing.parts();
    let crop = recipe.center_crop;
    crop.is_some_and(|crop| crop != recipe.resize) || recipe.aspect == AspectRule::ShorterSide
}
