//! Draws one picture and its mask.

use image::{GrayImage, Luma, Rgb, RgbImage};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    defect::{Change, Defect, Kind},
    scene::{Color, Point, SIDE_PX, Scene},
    texture::mix,
};

/// Standard deviation of the camera's grain.
const GRAIN: f32 = 0.012;

/// A picture, and for a defective washer its mask (255 where it was changed).
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) image: RgbImage,
    pub(super) mask: Option<GrayImage>,
}

/// Chosen for a good spread of the defects around the washer.
const SEED: u64 = 0x5EED_0003_0000;

/// Draws the picture with this number; the same number gives the same picture.
pub(super) fn draw(number: u64, kind: Option<Kind>) -> Picture {
    let mut rng = ChaCha8Rng::seed_from_u64(number ^ SEED);
    let scene = Scene::new(&mut rng);
    let defect = kind.map(|kind| Defect::new(kind, &mut rng));
    let change = |at| {
        defect
            .as_ref()
            .map_or(Change::NONE, |defect| defect.change(&scene, at))
    };
    let image = RgbImage::from_fn(SIDE_PX, SIDE_PX, |column, row| {
        let at = scene.point(column, row);
        let color = shade(&scene, at, &change(at));
        Rgb(color.map(|value| to_byte(value + grain(&mut rng))))
    });
    let in_mask = |column, row| change(scene.point(column, row)).in_mask();
    let mask = kind.map(|_| {
        GrayImage::from_fn(SIDE_PX, SIDE_PX, |column, row| {
            Luma([if in_mask(column, row) { 255 } else { 0 }])
        })
    });
    Picture { image, mask }
}

/// The colour of a pixel before the camera's grain.
fn shade(scene: &Scene, at: Point, change: &Change) -> Color {
    let covered = (Scene::coverage(at) * (1.0 - change.removed)).max(change.added);
    let mut color = if covered < 1.0 {
        scene.belt(at)
    } else {
        [0.0; 3]
    };
    if covered > 0.0 {
        for ((value, metal), tint) in color.iter_mut().zip(scene.metal(at)).zip(change.tint) {
            *value = mix(*value, metal * tint + change.light, covered);
        }
    }
    color.map(|value| value * scene.exposure(at))
}

/// The sum of four uniform numbers is close enough to a normal one.
fn grain(rng: &mut impl Rng) -> f32 {
    let sum: f32 = (0..4).map(|_| rng.random_range(-1.0_f32..1.0)).sum();
    GRAIN * sum * (3.0_f32 / 4.0).sqrt()
}

fn to_byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_same_number_draws_the_same_picture() {
        let (first, second) = (draw(7, Some(Kind::Stain)), draw(7, Some(Kind::Stain)));
        assert_eq!(first.image, second.image);
        assert_eq!(first.mask, second.mask);
        assert_ne!(first.image, draw(8, Some(Kind::Stain)).image);
    }

    #[test]
    fn a_sound_washer_has_no_mask() {
        assert!(draw(1, None).mask.is_none());
    }

    /// Share of the mask's pixels that changed by more than twice the grain (2 σ is
    /// 0.024), and changed pixels beside the mask, relative to the mask's size.
    fn changed_inside_and_outside(number: u64, kind: Kind) -> (f32, f32) {
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        let scene = Scene::new(&mut rng);
        let defect = Defect::new(kind, &mut rng);
        let (mut masked, mut inside, mut outside) = (0.0_f32, 0.0_f32, 0.0_f32);
        for (column, row) in
            (0..SIDE_PX).flat_map(|row| (0..SIDE_PX).map(move |column| (column, row)))
        {
            let at = scene.point(column, row);
            let change = defect.change(&scene, at);
            let (before, after) = (shade(&scene, at, &Change::NONE), shade(&scene, at, &change));
            let changed = before
                .iter()
                .zip(after)
                .any(|(before, after)| (before - after).abs() > 0.024);
            match (change.in_mask(), changed) {
                (true, changed) => {
                    masked += 1.0;
                    inside += if changed { 1.0 } else { 0.0 };
                }
                (false, changed) => outside += if changed { 1.0 } else { 0.0 },
            }
        }
        assert!(
            masked > 60.0,
            "{kind:?} {number}: a mask of {masked} pixels"
        );
        (inside / masked, outside / masked)
    }

    /// What is left over: the anti-aliased rim, half a pixel on either side of an
    /// outline that is 60 to 100 pixels long, and the line across a dent where it
    /// neither darkens nor brightens. Measured: at least 0.867, at most 0.316.
    #[test]
    fn the_mask_is_where_the_picture_changed() {
        for (number, kind) in (0..).zip(Kind::ALL.into_iter().cycle().take(15)) {
            let (inside, outside) = changed_inside_and_outside(number, kind);
            assert!(
                inside > 0.8,
                "{kind:?} {number}: {inside} of the mask changed"
            );
            assert!(
                outside < 0.4,
                "{kind:?} {number}: {outside} beside the mask changed"
            );
        }
    }
}
