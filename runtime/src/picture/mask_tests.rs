#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};

use super::{Mask, MaskValues, ReadOptions};

const SIDE: u32 = 16;
/// The defect of the drawings: 4 × 4 pixels.
const DEFECT_PX: u64 = 16;

fn in_defect(x: u32, y: u32) -> bool {
    (4..8).contains(&x) && (4..8).contains(&y)
}

fn read(image: impl Into<DynamicImage>, name: &str) -> (Mask, MaskValues) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    image.into().save(&path).unwrap();
    Mask::read(&path, &ReadOptions::default()).unwrap()
}

/// Saves as PNG; the defect must be what is found, and nothing else.
#[track_caller]
fn finds_the_defect(image: impl Into<DynamicImage>) -> MaskValues {
    let (mask, values) = read(image, "mask.png");
    let expected = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| in_defect(x, y)));
    assert!(mask.defects().iter().copied().eq(expected), "{values:?}");
    assert_eq!(mask.defective_px(), DEFECT_PX);
    values
}

fn gray(ground: u8, defect: u8) -> GrayImage {
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        Luma([if in_defect(x, y) { defect } else { ground }])
    })
}

fn rgba(ground: [u8; 4], defect: [u8; 4]) -> RgbaImage {
    RgbaImage::from_fn(SIDE, SIDE, |x, y| {
        Rgba(if in_defect(x, y) { defect } else { ground })
    })
}

#[test]
fn of_two_values_the_higher_marks_defects() {
    for (ground, defect) in [(0, 255), (0, 1), (0, 100), (1, 2), (100, 255)] {
        let values = finds_the_defect(gray(ground, defect));
        let found = (values.lowest, values.highest, values.defective_from);
        let defect = u16::from(defect);
        assert_eq!(found, (ground.into(), defect, Some(defect)));
        assert_eq!((values.distinct, values.unclear_px), (2, 0));
    }
    for defect in [1_u16, 255, 4095, 65_535] {
        let deep = ImageBuffer::from_fn(SIDE, SIDE, |x, y| {
            Luma([if in_defect(x, y) { defect } else { 0 }])
        });
        assert_eq!(finds_the_defect(deep).defective_from, Some(defect));
    }
}

#[test]
fn every_colour_is_a_value() {
    for colour in [[255, 0, 0], [0, 0, 255], [0, 60, 0]] {
        let image = RgbImage::from_fn(SIDE, SIDE, |x, y| {
            Rgb(if in_defect(x, y) { colour } else { [0; 3] })
        });
        finds_the_defect(image);
    }
}

#[test]
fn small_numbers_are_kinds_of_defects() {
    let mut image = gray(0, 3);
    image.put_pixel(4, 4, Luma([1]));
    image.put_pixel(5, 4, Luma([2]));
    let values = finds_the_defect(image);
    assert_eq!((values.defective_from, values.distinct), (Some(1), 4));
}

#[test]
fn of_many_values_those_from_half_of_the_largest_on_mark_defects() {
    let mut image = gray(3, 250);
    image.put_pixel(0, 0, Luma([124]));
    image.put_pixel(4, 4, Luma([125]));
    image.put_pixel(1, 0, Luma([31]));
    image.put_pixel(2, 0, Luma([32]));
    let values = finds_the_defect(image);
    assert_eq!((values.lowest, values.defective_from), (3, Some(125)));
    assert_eq!(values.unclear_px, 3, "124, 125 and 32");
}

#[test]
fn nothing_is_drawn_where_all_is_zero() {
    let (mask, values) = read(gray(0, 0), "mask.png");
    assert_eq!((mask.defective_px(), values.defective_from), (0, None));
    let (mask, _values) = read(gray(255, 255), "mask.png");
    assert_eq!(mask.defective_px(), u64::from(SIDE * SIDE));
}

#[test]
fn noise_of_a_jpeg_is_no_defect() {
    let (mask, values) = read(gray(0, 255), "mask.jpg");
    assert!(values.distinct > 2, "{values:?}");
    let expected = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| in_defect(x, y)));
    assert!(mask.defects().iter().copied().eq(expected), "{values:?}");
    let (mask, values) = read(gray(0, 9), "mask.jpg");
    assert_eq!((mask.defective_px(), values.defective_from), (0, None));
}

#[test]
fn transparent_pixels_are_the_ground() {
    for (ground, defect) in [
        ([0, 0, 0, 0], [0, 0, 0, 255]),
        ([255, 255, 255, 0], [255, 0, 0, 255]),
        ([255, 255, 255, 0], [0, 0, 0, 128]),
        ([0, 0, 0, 0], [255, 255, 255, 255]),
    ] {
        let values = finds_the_defect(rgba(ground, defect));
        assert!(values.by_opacity, "{ground:?} {defect:?}");
    }
    let gray_with_opacity = ImageBuffer::from_fn(SIDE, SIDE, |x, y| {
        image::LumaA([0_u16, if in_defect(x, y) { u16::MAX } else { 0 }])
    });
    finds_the_defect(gray_with_opacity);
}

/// A turned canvas: its corners are transparent, its ground is black.
#[test]
fn dark_opaque_pixels_beside_light_ones_are_ground() {
    let mut image = rgba([0, 0, 0, 255], [200, 0, 0, 255]);
    image.put_pixel(0, 0, Rgba([255, 255, 255, 0]));
    finds_the_defect(image);
}

#[test]
fn opacity_does_not_count_where_it_is_the_same_everywhere() {
    for opacity in [255, 0, 77] {
        let values = finds_the_defect(rgba([0, 0, 0, opacity], [1, 0, 0, opacity]));
        assert!(!values.by_opacity);
    }
}
