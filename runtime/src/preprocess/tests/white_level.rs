//! 10, 12 and 14 bits in 16-bit samples.

use std::num::NonZeroU16;

use super::*;
use crate::picture::{PixelFormat, PixelView};

/// A gray picture with 16 bits a sample.
fn deep(width: u32, height: u32, sample: impl Fn(u32) -> u16) -> Picture {
    let samples = (0..width * height).map(sample);
    let data: Vec<u8> = samples.flat_map(u16::to_ne_bytes).collect();
    let view = PixelView {
        format: PixelFormat::Gray16,
        width_px: width,
        height_px: height,
        stride_bytes: 2 * width as usize,
        data: &data,
    };
    Picture::from_raw(&view).unwrap()
}

fn with_white(level: u16, recipe: &Preprocessing) -> Preprocessing {
    recipe.clone().with_white_level(NonZeroU16::new(level))
}

fn bits(input: &Array3<f32>) -> Vec<u32> {
    input.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn samples_are_divided_by_the_white_level_and_end_there() {
    let picture = deep(16, 16, |i| (i * 37) as u16);
    let input = with_white(4095, &plain(size(16, 16), None))
        .apply(&picture)
        .unwrap();
    for (i, value) in input.index_axis(Axis(0), 1).iter().enumerate() {
        let expected = (f32::from(i as u16 * 37) / 4095.0).min(1.0);
        assert_eq!(value.to_bits(), expected.to_bits());
    }
    assert!(
        input
            .iter()
            .any(|&value| value.to_bits() == 1.0_f32.to_bits())
    );
}

#[test]
fn the_full_range_as_white_level_gives_the_bits_of_none() {
    let picture = deep(61, 47, |i| (i * 7919 % 65_536) as u16);
    for recipe in [paper(32, 24), plain(size(32, 40), Some(size(20, 30)))] {
        let full = with_white(u16::MAX, &recipe);
        assert_eq!(
            bits(&full.apply(&picture).unwrap()),
            bits(&recipe.apply(&picture).unwrap())
        );
    }
}

#[test]
fn eight_bits_know_no_white_level() {
    let picture = pattern(61, 47);
    for recipe in [paper(32, 24), plain(size(32, 40), None)] {
        let level = with_white(4095, &recipe);
        assert_eq!(
            bits(&level.apply(&picture).unwrap()),
            bits(&recipe.apply(&picture).unwrap())
        );
        assert_eq!(level.to_rgb8(&picture), picture.to_rgb8());
        assert_eq!(level.depth_remark(&picture), None);
        assert_eq!(recipe.depth_remark(&picture), None);
    }
}

/// 12 bits with their white level look like the same data shifted up to the full range:
/// within 15/65535, which the shift leaves empty, after the division by 1.
#[test]
fn twelve_bits_with_their_white_level_look_like_the_full_range() {
    let twelve = |i: u32| (i * 7919 % 4096) as u16;
    let (low, high) = (deep(61, 47, twelve), deep(61, 47, |i| twelve(i) << 4));
    let recipe = plain(size(32, 40), None);
    let low = with_white(4095, &recipe).apply(&low).unwrap();
    let high = recipe.apply(&high).unwrap();
    let apart = low.iter().zip(&high).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f32::max) <= 15.0 / 65_535.0 + 1e-6);
}

#[test]
fn lanczos_and_shown_pictures_take_the_white_level_as_255() {
    let recipe = with_white(1023, &paper(32, 24));
    let white = deep(40, 40, |_| 1023);
    assert!(recipe.to_rgb8(&white).as_raw().iter().all(|&v| v == 255));
    let input = recipe.apply(&white).unwrap();
    assert!(input.iter().all(|&v| v.to_bits() == 1.0_f32.to_bits()));
}

#[test]
fn what_is_odd_about_the_depth_is_told() {
    let recipe = plain(size(16, 16), None);
    let (dark, bright) = (deep(16, 16, |_| 4001), deep(16, 16, |_| 40_001));
    let few_bits = DepthRemark::FewBits {
        largest: 4001,
        suggested_white_level: 4095,
    };
    assert_eq!(recipe.depth_remark(&dark), Some(few_bits));
    assert_eq!(recipe.depth_remark(&bright), None);
    let level = with_white(4000, &recipe);
    let above = |largest| DepthRemark::AboveWhiteLevel {
        largest,
        white_level: 4000,
    };
    assert_eq!(level.depth_remark(&dark), Some(above(4001)));
    assert_eq!(level.depth_remark(&bright), Some(above(40_001)));
    assert_eq!(level.depth_remark(&deep(16, 16, |_| 4000)), None);
    // Shifted up to the full range.
    assert_eq!(level.depth_remark(&deep(16, 16, |_| 100 << 4)), None);
}
