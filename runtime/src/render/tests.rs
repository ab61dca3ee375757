#![allow(clippy::unwrap_used, reason = "for tests only")]

use std::io::Cursor;

use image::{Rgb, RgbImage};
use ndarray::Array2;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tiff::decoder::{Decoder, DecodingResult};

use super::{
    UNINSPECTED, colour, heatmap, inferno, map_in_picture, overlay, png_bytes, tiff_bytes,
    values_in_picture,
};
use crate::anomaly_map::AnomalyMap;
use crate::container::HeatmapRange;
use crate::inspector::{ComputedBy, HeadPlacement, Inspection, PictureSize, StageTimes};
use crate::network::{Precision, Provider};
use crate::picture::{Picture, PictureProblem, ReadOptions, is_saved_result};
use crate::preprocess::{Preprocessing, Size};

const RANGE: HeatmapRange = HeatmapRange {
    low: 1.0,
    high: 3.0,
};

/// A 16×16 map of a 64×48 picture, of which the outer quarter is cut away.
fn inspection(values: Array2<f32>) -> Inspection {
    let square = |side| Size {
        height: side,
        width: side,
    };
    let recipe = Preprocessing::imagenet(square(32), Some(square(16))).unwrap();
    let size = PictureSize {
        width_px: 64,
        height_px: 48,
    };
    let geometry = recipe.geometry(size.width_px, size.height_px);
    Inspection::new(
        AnomalyMap { values },
        geometry,
        StageTimes::default(),
        ComputedBy {
            provider: Provider::Cpu,
            precision: Precision::F32,
            head: HeadPlacement::Host,
            batch: 1,
        },
        size,
    )
}

fn flat(value: f32) -> Inspection {
    inspection(Array2::from_elem((16, 16), value))
}

fn picture() -> Picture {
    Picture::from_rgb8(64, 48, (0..64 * 48 * 3).map(|i| (i % 251) as u8).collect()).unwrap()
}

#[test]
fn colours_run_from_dark_to_bright() {
    let luminance = |share: f32| {
        let Rgb([r, g, b]) = inferno(share);
        0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b)
    };
    // Rounding to 8 bits may take back at most one level of each channel.
    let steps: Vec<f32> = (0_u8..=100)
        .map(|i| luminance(f32::from(i) / 100.0))
        .collect();
    assert!(
        steps.windows(2).all(|pair| pair[1] > pair[0] - 1.0),
        "{steps:?}"
    );
    assert!(luminance(0.0) < 3.0 && luminance(1.0) > 230.0);
    assert_eq!(inferno(-1.0), inferno(0.0));
    assert_eq!(inferno(f32::NAN), inferno(0.0));
    assert_eq!(inferno(7.0), inferno(1.0));
}

#[test]
fn a_heat_map_has_the_pictures_size_and_is_gray_outside_the_crop() {
    let image = heatmap(&flat(3.0), RANGE);
    assert_eq!(image.dimensions(), (64, 48));
    for (x, y, pixel) in image.enumerate_pixels() {
        let inside = (16..48).contains(&x) && (12..36).contains(&y);
        assert_eq!(
            *pixel,
            if inside { inferno(1.0) } else { UNINSPECTED },
            "{x} {y}"
        );
    }
}

#[test]
fn an_overlay_keeps_low_values_and_what_was_not_inspected() {
    let original = picture().to_rgb8();
    assert_eq!(overlay(&picture(), &flat(1.0), RANGE), original);
    let covered = overlay(&picture(), &flat(9.0), RANGE);
    for (x, y, pixel) in covered.enumerate_pixels() {
        let below = original.get_pixel(x, y);
        if !((16..48).contains(&x) && (12..36).contains(&y)) {
            assert_eq!(pixel, below);
            continue;
        }
        for channel in 0..3 {
            let half = f32::midpoint(f32::from(below[channel]), f32::from(inferno(1.0)[channel]));
            assert!((f32::from(pixel[channel]) - half).abs() <= 0.5, "{x} {y}");
        }
    }
}

#[test]
fn the_peak_of_the_map_is_the_brightest_spot_of_the_picture() {
    let mut values = Array2::from_elem((16, 16), 1.0);
    values[[3, 12]] = 3.0;
    let inspection = inspection(values);
    // Row 3 of the crop is row 11 of 32, two by one and a half picture pixels each.
    assert!(
        (inspection.peak.x_px - 40.5).abs() < 1e-9 && (inspection.peak.y_px - 16.75).abs() < 1e-9
    );
    assert_eq!(inspection.score.to_bits(), 3.0_f32.to_bits());
    let image = heatmap(&inspection, RANGE);
    let brightness = |pixel: &Rgb<u8>| u32::from(pixel[0]) + u32::from(pixel[1]);
    let inside = image
        .enumerate_pixels()
        .filter(|(.., pixel)| **pixel != UNINSPECTED);
    let (x, y, _) = inside.max_by_key(|(.., pixel)| brightness(pixel)).unwrap();
    assert!((40..=41).contains(&x) && y == 17, "{x} {y}");
}

/// A ramp along x. The crop begins at column 16 and row 12 of the picture, and a map pixel is
/// two columns wide. So the ramp rises by half a step a column, and is flat in the outer half
/// pixels of the map.
#[test]
fn a_map_in_the_pictures_size_is_interpolated_and_lowest_outside_the_crop() {
    let ramp = inspection(Array2::from_shape_fn((16, 16), |(_, x)| 5.0 + x as f32));
    let whole = map_in_picture(&ramp).values;
    assert_eq!(whole.dim(), (48, 64));
    for ((y, x), &value) in whole.indexed_iter() {
        let inside = (16..48).contains(&x) && (12..36).contains(&y);
        let along = ((x as f32 - 15.5) / 2.0 - 0.5).clamp(0.0, 15.0);
        let expected = if inside { 5.0 + along } else { 5.0 };
        assert!((value - expected).abs() < 1e-5, "{x} {y} {value}");
    }
    let pixels: Vec<_> = values_in_picture(&ramp).collect();
    assert_eq!(pixels.len(), 48 * 64);
    for ((y, x), &value) in whole.indexed_iter() {
        let inside = (16..48).contains(&x) && (12..36).contains(&y);
        assert_eq!(pixels[y * 64 + x], inside.then_some(value));
    }
}

#[test]
fn values_without_a_number_are_shown_as_not_inspected() {
    assert_eq!(colour(None, RANGE), UNINSPECTED);
    assert_eq!(colour(Some(f32::NAN), RANGE), UNINSPECTED);
    assert_eq!(colour(Some(3.0), RANGE), inferno(1.0));
}

#[test]
fn saved_results_are_no_pictures() {
    let noise = |side: u32| {
        RgbImage::from_fn(side, side, |x, y| {
            Rgb([(x * (y * 7 + x)) as u8, y as u8, (x * x + y) as u8])
        })
    };
    for side in [16, 300] {
        let map = AnomalyMap {
            values: Array2::from_shape_fn((side, side), |(y, x)| (y * x) as f32),
        };
        let png = png_bytes(&noise(side as u32)).unwrap();
        let read = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(read, noise(side as u32));
        for content in [png, tiff_bytes(&map).unwrap()] {
            assert!(is_saved_result(&content));
            let refused = Picture::decode(&content, &ReadOptions::default()).unwrap_err();
            assert!(matches!(refused.problem, PictureProblem::SavedResult));
        }
    }
    assert!(!is_saved_result(b"") && !is_saved_result(&[0; 5000]));
}

#[test]
fn a_tiff_holds_the_very_bits_of_the_map() {
    let values = Array2::from_shape_fn((16, 9), |(y, x)| (y * 9 + x) as f32 / 7.0 - 3.0);
    let bytes = tiff_bytes(&AnomalyMap {
        values: values.clone(),
    })
    .unwrap();
    let mut decoder = Decoder::new(Cursor::new(bytes)).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (9, 16));
    let DecodingResult::F32(read) = decoder.read_image().unwrap() else {
        unreachable!("32-bit floating point was written")
    };
    assert_eq!(read, values.into_raw_vec_and_offset().0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// Interpolation invents nothing: values stay between those of the map, and a map that is
    /// higher somewhere and lower nowhere is shown so.
    #[test]
    fn a_map_in_the_pictures_size_stays_within_the_map(
        values in vec(-9.0_f32..9.0, 256),
        raised in vec(0.0_f32..1.0, 256),
    ) {
        let map = Array2::from_shape_vec((16, 16), values).unwrap();
        let higher = &map + &Array2::from_shape_vec((16, 16), raised).unwrap();
        let (low, high) = map.iter().fold((f32::MAX, f32::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        let (below, above) = (inspection(map), inspection(higher));
        // f32 rounding of three sums of values below 10.
        for (value, higher) in values_in_picture(&below).zip(values_in_picture(&above)) {
            prop_assert_eq!(value.is_some(), higher.is_some());
            if let (Some(value), Some(higher)) = (value, higher) {
                prop_assert!((low - 1e-5..=high + 1e-5).contains(&value), "{}", value);
                prop_assert!(higher >= value - 1e-5, "{} {}", value, higher);
            }
        }
    }

    #[test]
    fn saved_pictures_and_maps_are_read_back_the_same(
        (width, height) in (1_u32..40, 1_u32..40),
        seed in any::<u32>(),
    ) {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state
        };
        let picture = RgbImage::from_fn(width, height, |_, _| Rgb(next().to_le_bytes()[..3].try_into().unwrap()));
        let read = image::load_from_memory(&png_bytes(&picture).unwrap()).unwrap();
        prop_assert_eq!(read.to_rgb8(), picture);
        // All bits, NaN and infinities among them.
        let values = Array2::from_shape_simple_fn((height as usize, width as usize), || f32::from_bits(next()));
        let file = tiff_bytes(&AnomalyMap { values: values.clone() }).unwrap();
        let DecodingResult::F32(read) = Decoder::new(Cursor::new(file)).unwrap().read_image().unwrap() else {
            unreachable!("32-bit floating point was written")
        };
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read), bits(values.as_slice().unwrap()));
    }
}
