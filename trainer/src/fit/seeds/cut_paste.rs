//! Defects drawn into good pictures: a rectangle cut out in one place and pasted in
//! another (CutPaste, Li et al. 2021, arXiv 2104.04015).

use std::path::Path;

use cfa_runtime::Inspector;
use cfa_runtime::picture::{Picture, PictureError};
use image::imageops::{crop_imm, replace};
use rand::{Rng, RngExt};

use crate::random::random_stream;

/// Area of the rectangle as a share of the picture's: small, so that models differ.
const AREA_SHARE: std::ops::Range<f64> = 0.005..0.03;
/// Natural logarithm of width over height: 1 : 3 to 3 : 1.
const LOG_ASPECT: std::ops::Range<f64> = -1.1..1.1;

/// The picture as the model sees it, at 8 bits, so that nothing but the pasted rectangle sets it apart from
/// its defective copy.
pub(super) fn open(path: &Path, inspector: &Inspector) -> Result<Picture, PictureError> {
    let rgb = inspector.recipe().to_rgb8(&inspector.read_picture(path)?);
    let (width, height) = rgb.dimensions();
    Picture::from_rgb8(width, height, rgb.into_raw())
}

/// The picture with one pasted rectangle. Which one depends on `index` and the
/// picture's size alone, so that every seed's model sees the same defects.
pub(super) fn with_defect(picture: &Picture, index: usize) -> Result<Picture, PictureError> {
    let mut rng = random_stream(index as u64, "cut and paste");
    let mut drawn = picture.to_rgb8();
    let (width, height) = drawn.dimensions();
    let (patch_width, patch_height) = patch_size(width, height, &mut rng);
    let mut corner = || {
        (
            rng.random_range(0..=width - patch_width),
            rng.random_range(0..=height - patch_height),
        )
    };
    let (from, to) = (corner(), corner());
    let patch = crop_imm(&drawn, from.0, from.1, patch_width, patch_height).to_image();
    replace(&mut drawn, &patch, i64::from(to.0), i64::from(to.1));
    Picture::from_rgb8(width, height, drawn.into_raw())
}

/// At least one pixel and at most the picture.
fn patch_size(width: u32, height: u32, rng: &mut impl Rng) -> (u32, u32) {
    let area = rng.random_range(AREA_SHARE) * f64::from(width) * f64::from(height);
    let aspect = rng.random_range(LOG_ASPECT).exp();
    let side = |length: f64, limit: u32| (length.round() as u32).clamp(1, limit);
    (
        side((area * aspect).sqrt(), width),
        side((area / aspect).sqrt(), height),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn gradient(width: u32, height: u32) -> Picture {
        let samples = (0..height)
            .flat_map(|y| (0..width).map(move |x| [(x * 2) as u8, (y * 3) as u8, 9]))
            .flatten();
        Picture::from_rgb8(width, height, samples.collect()).unwrap()
    }

    fn changed(a: &Picture, b: &Picture) -> usize {
        let (a, b) = (a.to_rgb8(), b.to_rgb8());
        a.pixels().zip(b.pixels()).filter(|(a, b)| a != b).count()
    }

    #[test]
    fn a_small_rectangle_changes_and_always_the_same() {
        let picture = gradient(120, 80);
        for index in 0..20 {
            let defective = with_defect(&picture, index).unwrap();
            let count = changed(&picture, &defective);
            assert!((1..=9600 * 4 / 100).contains(&count), "{index}: {count}");
            assert_eq!(defective, with_defect(&picture, index).unwrap());
        }
        let first = with_defect(&picture, 0).unwrap();
        assert!(changed(&first, &with_defect(&picture, 1).unwrap()) > 0);
    }

    #[test]
    fn tiny_pictures_are_no_problem() {
        for (width, height) in [(1, 1), (1, 500), (500, 1)] {
            let picture = gradient(width, height);
            let defective = with_defect(&picture, 3).unwrap();
            assert_eq!(defective.width_px(), width);
        }
    }
}
