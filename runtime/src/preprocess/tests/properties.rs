//! What must hold for any recipe and any size of picture.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// Stretched or by the shorter side, with any crop that fits.
fn any_recipe() -> impl Strategy<Value = Preprocessing> {
    let stretched = (1_usize..40, 1_usize..40).prop_flat_map(|(height, width)| {
        (1..=height, 1..=width).prop_map(move |(crop_height, crop_width)| {
            plain(size(height, width), Some(size(crop_height, crop_width)))
        })
    });
    let by_shorter_side = (1_usize..40).prop_flat_map(|side| {
        (1..=side, 1..=side).prop_map(move |(crop_height, crop_width)| {
            let parts = PreprocessingParts {
                aspect: AspectRule::ShorterSide,
                ..plain_parts(size(side, side), Some(size(crop_height, crop_width)))
            };
            Preprocessing::new(parts).unwrap()
        })
    });
    prop_oneof![stretched, by_shorter_side]
}

fn any_mask() -> impl Strategy<Value = Mask> {
    (1_u32..30, 1_u32..30).prop_flat_map(|(width, height)| {
        vec(any::<bool>(), (width * height) as usize)
            .prop_map(move |defects| Mask::new(width, height, defects).unwrap())
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn map_and_picture_are_mapped_there_and_back(
        recipe in any_recipe(),
        (width, height) in (1_u32..3000, 1_u32..3000),
        (x_px, y_px) in (-0.5..40.0, -0.5..40.0),
    ) {
        let geometry = recipe.geometry(width, height);
        let back = geometry.map_from_picture(geometry.picture_from_map(Point { x_px, y_px }));
        // f64 rounding of a scale up to 3000 over an offset up to 120,000 pixels.
        prop_assert!((back.x_px - x_px).abs() < 1e-8 && (back.y_px - y_px).abs() < 1e-8, "{:?}", back);
    }

    /// The map covers a part of the picture and nothing beside it.
    #[test]
    fn what_is_inspected_lies_in_the_picture(
        recipe in any_recipe(),
        (width, height) in (1_u32..3000, 1_u32..3000),
    ) {
        let seen = recipe.geometry(width, height).inspected_rect();
        let ends = |start: f64, length: f64, pixels: u32| {
            start >= -0.5 - 1e-9 && length > 0.0 && start + length <= f64::from(pixels) - 0.5 + 1e-9
        };
        prop_assert!(ends(seen.left_px, seen.width_px, width), "{:?}", seen);
        prop_assert!(ends(seen.top_px, seen.height_px, height), "{:?}", seen);
    }

    /// A mask takes the pixel that the mapping names, except where that lies between two.
    #[test]
    fn a_mask_lies_as_the_mapping_says(recipe in any_recipe(), mask in any_mask()) {
        let geometry = recipe.geometry(mask.width_px(), mask.height_px());
        for ((row, column), &defect) in recipe.apply_mask(&mask).indexed_iter() {
            let centre = geometry.picture_from_map(Point { x_px: column as f64, y_px: row as f64 });
            let (x, y) = (centre.x_px + 0.5, centre.y_px + 0.5);
            if [x, y].iter().any(|edge| (edge - edge.round()).abs() < 1e-9) {
                continue;
            }
            let place = y as usize * mask.width_px() as usize + x as usize;
            prop_assert_eq!(defect, mask.defects()[place], "row {} column {}", row, column);
        }
    }

    /// The weights of a resize add up to one: a picture of one colour keeps it, whatever the
    /// sizes are.
    #[test]
    fn one_colour_stays_one_colour(
        mut recipe in any_recipe(),
        (width, height) in (1_u32..60, 1_u32..60),
        colour in any::<[u8; 3]>(),
        by_lanczos in any::<bool>(),
    ) {
        if by_lanczos {
            recipe = recipe.changed(|parts| parts.filter = ResizeFilter::Lanczos8Bit).unwrap();
        }
        let picture = Picture::from_rgb8(width, height, colour.repeat((width * height) as usize)).unwrap();
        let Ok(input) = recipe.apply(&picture) else {
            return Ok(()); // The longer side would pass the limit.
        };
        for ((channel, ..), &value) in input.indexed_iter() {
            let expected = f32::from(colour[channel]) / 255.0;
            // 40 weights of 24 bits, and two rounded directions in 8 bits.
            let tolerance = if by_lanczos { 1e-7 } else { 1e-6 };
            prop_assert!((value - expected).abs() <= tolerance, "{} {}", value, expected);
        }
    }

    /// The crop leaves margins that differ by a pixel at most.
    #[test]
    fn a_crop_lies_in_the_middle(recipe in any_recipe(), (width, height) in (1_u32..3000, 1_u32..3000)) {
        let resized = recipe.resized(width, height);
        let (offset, kept) = (recipe.crop_offset(resized), recipe.input_size());
        for (offset, kept, all) in [
            (offset.height, kept.height, resized.height),
            (offset.width, kept.width, resized.width),
        ] {
            prop_assert!(offset + kept <= all);
            prop_assert!(offset.abs_diff(all - kept - offset) <= 1, "{} + {} of {}", offset, kept, all);
        }
    }
}
