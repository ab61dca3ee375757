//! The defects that a centre crop hides.

use cfa_runtime::BrokenInvariant;
use cfa_runtime::ndarray::Array2;
use cfa_runtime::picture::Mask;
use cfa_runtime::preprocess::{Point, Preprocessing, Rect};
use serde::Serialize;

use crate::evaluation::metrics::Regions;

/// Defects as they are drawn in the masks, and how many of them lie outside the centre
/// crop, where nothing is inspected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutsideCrop {
    /// Defective pixels in all masks, at the size of the pictures.
    pub defective_pixels: u64,
    /// Defective pixels that lie outside the crop.
    pub defective_pixels_outside: u64,
    /// Connected regions in all masks.
    pub regions: u64,
    /// Regions that lie wholly outside.
    pub regions_outside: u64,
    /// Regions of which a part lies outside.
    pub regions_partly_outside: u64,
    /// Pictures with a defective pixel.
    pub pictures: u64,
    /// Pictures whose defects lie wholly outside.
    pub pictures_outside: u64,
    /// Pictures of whose defects a part lies outside.
    pub pictures_partly_outside: u64,
}

/// Pixels inside and outside.
#[derive(Debug, Clone, Copy, Default)]
struct Pixels {
    inside: u64,
    outside: u64,
}

impl Pixels {
    fn count(&mut self, inside: bool) {
        if inside {
            self.inside += 1;
        } else {
            self.outside += 1;
        }
    }

    fn wholly_outside(self) -> u64 {
        u64::from(self.inside == 0 && self.outside > 0)
    }

    fn partly_outside(self) -> u64 {
        u64::from(self.inside > 0 && self.outside > 0)
    }
}

impl OutsideCrop {
    /// Adds the mask of a picture, as it was drawn.
    pub(super) fn add(
        &mut self,
        mask: &Mask,
        preprocessing: &Preprocessing,
    ) -> Result<(), BrokenInvariant> {
        let (width, height) = (mask.width_px() as usize, mask.height_px() as usize);
        let inspected = preprocessing
            .geometry(mask.width_px(), mask.height_px())
            .inspected_rect();
        let drawn = Array2::from_shape_fn((height, width), |(row, column)| {
            mask.defects()[row * width + column]
        });
        let regions = Regions::find(&drawn);
        let mut all = Pixels::default();
        let mut each = vec![Pixels::default(); regions.sizes.len()];
        for (place, &label) in regions.labels.indexed_iter() {
            let Some(number) = (label as usize).checked_sub(1) else {
                continue; // not defective
            };
            let inside = holds(inspected, place);
            each.get_mut(number)
                .ok_or(BrokenInvariant("each label of a region has a size"))?
                .count(inside);
            all.count(inside);
        }
        self.defective_pixels += all.inside + all.outside;
        self.defective_pixels_outside += all.outside;
        self.regions += each.len() as u64;
        self.regions_outside += each
            .iter()
            .map(|region| region.wholly_outside())
            .sum::<u64>();
        self.regions_partly_outside += each
            .iter()
            .map(|region| region.partly_outside())
            .sum::<u64>();
        self.pictures += u64::from(!each.is_empty());
        self.pictures_outside += all.wholly_outside();
        self.pictures_partly_outside += all.partly_outside();
        Ok(())
    }
}

fn holds(inspected: Rect, (row, column): (usize, usize)) -> bool {
    inspected.contains(Point {
        x_px: column as f64,
        y_px: row as f64,
    })
}
