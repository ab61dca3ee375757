#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
//! Against what Pillow and `OpenCV` make of the same files; see
//! `tests/runtime/orientation/make.py`.

use std::path::{Path, PathBuf};

use image::ImageFormat;

use super::*;
use crate::picture::{Limits, OrientationRule, ReadOptions, Samples, recorded_orientation};

const KINDS: [&str; 4] = ["jpg", "png", "webp", "tif"];

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/runtime/orientation");
    folder.join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).unwrap()
}

fn options(orientation: OrientationRule) -> ReadOptions {
    ReadOptions {
        orientation,
        ..ReadOptions::default()
    }
}

fn read(encoded: &[u8], rule: OrientationRule) -> Picture {
    Picture::decode(encoded, &options(rule)).unwrap()
}

/// Largest difference of a sample; the sizes must be equal.
fn apart(one: &Picture, other: &Picture) -> u8 {
    let (one, other) = (one.to_rgb8(), other.to_rgb8());
    assert_eq!(one.dimensions(), other.dimensions());
    let pairs = one.as_raw().iter().zip(other.as_raw());
    pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn every_orientation_is_shown_as_pillow_and_opencv_show_it() {
    for value in 1..=8 {
        let upright = read(
            &bytes(&format!("{value}_upright.png")),
            OrientationRule::Exif,
        );
        for kind in KINDS {
            let found = read(&bytes(&format!("{value}.{kind}")), OrientationRule::Exif);
            // Flat blocks at quality 95; another inverse transform rounds to one level more.
            let tolerance = if kind == "jpg" { 4 } else { 0 };
            assert!(apart(&found, &upright) <= tolerance, "{value}.{kind}");
        }
    }
}

#[test]
fn stored_pixels_stay_as_they_are() {
    for kind in KINDS {
        let first = read(&bytes(&format!("1.{kind}")), OrientationRule::Exif);
        for value in 1..=8 {
            let found = read(&bytes(&format!("{value}.{kind}")), OrientationRule::Stored);
            assert_eq!(found, first, "{value}.{kind}");
        }
    }
}

#[test]
fn an_orientation_is_found_without_decoding() {
    for value in 1..=8 {
        for kind in KINDS {
            let path = file(&format!("{value}.{kind}"));
            let found = recorded_orientation(&path, &Limits::default()).unwrap();
            assert_eq!(found.to_exif(), value, "{value}.{kind}");
        }
    }
    let missing = recorded_orientation(&file("missing.png"), &Limits::default());
    assert!(missing.unwrap_err().to_string().contains("missing.png"));
}

#[test]
fn sixteen_bit_pictures_are_turned_too() {
    let samples = (0..18).map(|v| v * 1000).collect();
    let picture = Picture::new(3, 2, Samples::Sixteen(samples)).unwrap();
    let turned = picture.turned(Orientation::Rotate90).unwrap();
    assert_eq!((turned.width_px(), turned.height_px()), (2, 3));
    let Pixels::Sixteen(samples) = turned.pixels else {
        unreachable!("the depth stays")
    };
    // The lower left pixel becomes the upper left one.
    assert_eq!(samples.as_raw()[..3], [9000, 10_000, 11_000]);
}

/// EXIF data, little-endian, with these entries: tag, type, number, value.
fn exif(entries: &[(u16, u16, u32, u32)]) -> Vec<u8> {
    let mut data = b"II\x2A\0\x08\0\0\0".to_vec();
    data.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        data.extend(tag.to_le_bytes());
        data.extend(kind.to_le_bytes());
        data.extend(count.to_le_bytes());
        data.extend(value.to_le_bytes());
    }
    data.extend([0; 4]);
    data
}

fn orientation(value: u32) -> (u16, u16, u32, u32) {
    (0x0112, 3, 1, value)
}

/// The JPEG with these EXIF segments in place of its own.
fn jpeg_with(segments: &[Vec<u8>]) -> Vec<u8> {
    let plain = image::open(file("1_upright.png")).unwrap();
    let mut jpeg = std::io::Cursor::new(Vec::new());
    plain.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let mut file = vec![0xFF, 0xD8];
    for segment in segments {
        file.extend([0xFF, 0xE1]);
        file.extend((segment.len() as u16 + 8).to_be_bytes());
        file.extend(b"Exif\0\0");
        file.extend(segment);
    }
    file.extend(&jpeg.into_inner()[2..]);
    file
}

fn found(segments: &[Vec<u8>]) -> u8 {
    let file = jpeg_with(segments);
    let found = recorded(&file, ImageFormat::Jpeg);
    let (turned, stored) = (
        read(&file, OrientationRule::Exif),
        read(&file, OrientationRule::Stored),
    );
    assert_eq!(turned, stored.turned(found).unwrap());
    found.to_exif()
}

#[test]
fn a_record_that_cannot_be_right_turns_nothing() {
    assert_eq!(found(&[exif(&[orientation(6)])]), 6);
    for value in [0, 9, 255, 256 + 6, 65_535] {
        assert_eq!(found(&[exif(&[orientation(value)])]), 1, "{value}");
    }
    let text = (0x0112, 2, 1, u32::from(b'6'));
    assert_eq!(found(&[exif(&[text])]), 1);
    let nothing = (0x0112, 3, 0, 6);
    assert_eq!(found(&[exif(&[nothing])]), 1);
    for start in 0..40 {
        let whole = exif(&[orientation(6)]);
        let cut = whole[..start.min(whole.len())].to_vec();
        assert!([1, 6].contains(&found(&[cut])), "{start}");
    }
    for offset in [0, 1, 7, 9, 1000, u32::MAX] {
        let mut data = exif(&[orientation(6)]);
        data[4..8].copy_from_slice(&offset.to_le_bytes());
        assert_eq!(found(&[data]), 1, "{offset}");
    }
    assert_eq!(found(&[Vec::new(), b"no EXIF at all".to_vec()]), 1);
}

#[test]
fn records_that_contradict_each_other_turn_nothing() {
    let twice = |first, second| exif(&[orientation(first), orientation(second)]);
    assert_eq!(found(&[twice(6, 3)]), 1);
    assert_eq!(found(&[twice(6, 6)]), 6);
    assert_eq!(
        found(&[exif(&[orientation(6)]), exif(&[orientation(3)])]),
        1
    );
    assert_eq!(
        found(&[exif(&[orientation(6)]), exif(&[orientation(6)])]),
        6
    );
}

#[test]
fn damage_elsewhere_in_the_data_takes_nothing_away() {
    let far_away = (0x010F, 2, 1000, 100_000);
    assert_eq!(found(&[exif(&[far_away, orientation(8)])]), 8);
    assert_eq!(found(&[exif(&[orientation(8), far_away])]), 8);
    let other = (0x0131, 2, 4, u32::from_le_bytes(*b"cfa\0"));
    assert_eq!(
        found(&[Vec::new(), exif(&[other]), exif(&[orientation(8)])]),
        8
    );
}

#[test]
fn no_change_of_a_byte_panics_or_refuses_the_picture() {
    for kind in ["jpg", "png", "webp"] {
        let whole = bytes(&format!("6.{kind}"));
        let start = whole
            .windows(4)
            .position(|four| four == b"II*\0" || four == b"MM\0*");
        let start = start.unwrap();
        for place in start..start + 26 {
            for change in [0x01, 0x80, 0xFF] {
                let mut damaged = whole.clone();
                damaged[place] ^= change;
                let format = image::guess_format(&damaged).unwrap();
                let found = recorded(&damaged, format);
                assert!((1..=8).contains(&found.to_exif()));
            }
        }
    }
}

#[test]
fn exif_behind_the_pixels_of_a_png_is_found() {
    let whole = bytes("6.png");
    let at = |name: &[u8]| whole.windows(4).position(|four| four == name).unwrap() - 4;
    let (exif, pixels, end) = (at(b"eXIf"), at(b"IDAT"), at(b"IEND"));
    assert!(exif < pixels);
    let moved = [
        &whole[..exif],
        &whole[pixels..end],
        &whole[exif..pixels],
        &whole[end..],
    ]
    .concat();
    assert_eq!(recorded(&moved, ImageFormat::Png).to_exif(), 6);
    assert_eq!(
        read(&moved, OrientationRule::Exif),
        read(&whole, OrientationRule::Exif)
    );
}
