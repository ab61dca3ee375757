//! How pictures are read: the orientation that files record, the white level of 16-bit
//! samples, limits; recorded by `fit` and used by all that open pictures for the bundle.

use std::fs;
use std::io::Cursor;

use cfa_runtime::Bundle;
use cfa_runtime::picture::OrientationRule;
use cfa_runtime::preprocess::Preprocessing;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{rotate180, rotate270};
use image::{
    DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder, ImageFormat, Luma, Rgb, RgbImage,
};
use serde_json::Value;

use crate::workshop::{Run, Workshop, events, onnx_runtime, program, stripes};

/// A PNG file whose `eXIf` chunk records this orientation.
fn png_with(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    let file = file.into_inner();
    let mut exif = b"eXIfII\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut chunk = (exif.len() as u32 - 4).to_be_bytes().to_vec();
    chunk.extend(&exif);
    chunk.extend(crc32(&exif).to_be_bytes());
    // After the signature and the header chunk.
    [&file[..33], &chunk, &file[33..]].concat()
}

/// CRC-32 as the PNG specification defines it.
fn crc32(bytes: &[u8]) -> u32 {
    let divided = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), divided)
    })
}

/// Upright pictures of 80×60, stored turned by 90° with orientation 6, in `MVTec`'s layout,
/// with masks that carry `mask_orientation`.
fn turned(mask_orientation: u8) -> Option<Workshop> {
    onnx_runtime()?;
    let workshop = Workshop::empty()?;
    for folder in [
        "train/good",
        "test/good",
        "test/patch",
        "ground_truth/patch",
    ] {
        fs::create_dir_all(workshop.at(&format!("data/{folder}"))).unwrap();
    }
    let save = |name: &str, upright: &RgbImage, orientation| {
        let stored = DynamicImage::from(rotate270(upright));
        workshop.write(&format!("data/{name}"), &png_with(&stored, orientation));
    };
    for seed in 0..6 {
        save(&format!("train/good/{seed}.png"), &stripes(seed, 80, 60), 6);
    }
    save("test/good/0.png", &stripes(2, 80, 60), 6);
    for seed in 0..2 {
        let (mut picture, mut mask) = (stripes(seed, 80, 60), RgbImage::new(80, 60));
        for (x, y) in (50..66).flat_map(|x| (10..26).map(move |y| (x, y))) {
            picture.put_pixel(x, y, Rgb([10, 250, 10]));
            mask.put_pixel(x, y, Rgb([255; 3]));
        }
        save(&format!("test/patch/{seed}.png"), &picture, 6);
        let name = format!("ground_truth/patch/{seed}_mask.png");
        save(&name, &mask, mask_orientation);
    }
    Some(workshop)
}

fn recipe(workshop: &Workshop) -> Preprocessing {
    let bundle = Bundle::open(&workshop.at("model.cfa")).unwrap();
    bundle.into_parts().manifest.preprocessing
}

fn test(workshop: &Workshop, more: &[&str]) -> Run {
    let (model, data) = (workshop.text("model.cfa"), workshop.text("data"));
    let fixed = ["test", "--json", "--model", &model, "--data", &data];
    Run::finished(&mut program(fixed.iter().chain(more)))
}

/// A second data set with the same pictures as upright files gives the same bundle's figures.
#[test]
fn turned_pictures_and_masks_count_as_their_upright_copies() {
    let Some(workshop) = turned(6) else {
        return;
    };
    workshop.fit(&[("--epochs", "5")]).fine();
    assert_eq!(recipe(&workshop).parts().orientation, OrientationRule::Exif);
    let figures = test(&workshop, &["--report", &workshop.text("report.html")]).fine();
    for file in walk(&workshop, "data") {
        let mut picture = image::open(&file).unwrap();
        picture.apply_orientation(image::metadata::Orientation::Rotate90);
        picture.save(&file).unwrap();
    }
    let upright = test(&workshop, &[]).fine();
    assert_eq!(figures, upright);
    assert!(
        figures[0]["pixel_auroc"].as_f64().unwrap() > 0.9,
        "{figures:?}"
    );
}

fn walk(workshop: &Workshop, folder: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(workshop.at(folder)).unwrap().flatten() {
        let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            found.extend(walk(workshop, &name));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn a_mask_of_the_stored_size_is_refused_unless_the_pixels_stay_stored() {
    let Some(workshop) = turned(1) else {
        return;
    };
    workshop.fit(&[]).fine();
    test(&workshop, &[]).refused(&["0_mask.png", "before it is turned", "orientation (6)"]);
    workshop.fit(&[("--orientation", "stored")]).fine();
    assert_eq!(
        recipe(&workshop).parts().orientation,
        OrientationRule::Stored
    );
    test(&workshop, &[]).fine();
}

#[test]
fn a_mask_whose_size_does_not_tell_is_remarked() {
    let Some(workshop) = turned(6) else {
        return;
    };
    workshop.fit(&[]).fine();
    let (picture, mask) = (
        stripes(0, 80, 60),
        RgbImage::from_pixel(80, 60, Rgb([255; 3])),
    );
    let stored = DynamicImage::from(rotate180(&picture));
    workshop.write("data/test/patch/0.png", &png_with(&stored, 3));
    workshop.write(
        "data/ground_truth/patch/0_mask.png",
        &png_with(&mask.into(), 1),
    );
    let run = test(&workshop, &[]);
    let said = run.stderr();
    assert!(
        said.contains("1 pictures are turned") && said.contains("0_mask.png"),
        "{said}"
    );
    let masks = run.lines()[0]["masks_without_orientation"].clone();
    assert_eq!(masks.as_array().map(Vec::len), Some(1));
}

/// Stripes with so many bits in 16-bit samples.
fn deep(seed: u32, bits: u32) -> DynamicImage {
    let shallow = stripes(seed, 80, 80);
    let sample = |x, y| {
        let Rgb([red, ..]) = *shallow.get_pixel(x, y);
        (u16::from(red) << (bits - 8)) + (x + y) as u16 % 7
    };
    let picture: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_fn(80, 80, |x, y| Luma([sample(x, y)]));
    picture.into()
}

fn with_depths(bits: &[u32]) -> Option<Workshop> {
    onnx_runtime()?;
    let workshop = Workshop::empty()?;
    for (seed, &bits) in bits.iter().enumerate() {
        let picture = match bits {
            8 => stripes(seed as u32, 80, 80).into(),
            more => deep(seed as u32, more),
        };
        workshop.save(&format!("data/{seed}.png"), &picture);
    }
    Some(workshop)
}

fn findings(lines: &[Value]) -> Vec<&Value> {
    events(lines, "depth")
}

#[test]
fn twelve_bits_are_found_and_the_suggested_white_level_ends_that() {
    let Some(workshop) = with_depths(&[12; 6]) else {
        return;
    };
    let lines = workshop.fit(&[]).fine();
    let [found] = findings(&lines)[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(found["finding"], "few_bits");
    assert_eq!(
        (&found["pictures"], &found["suggested_white_level"]),
        (&6.into(), &4095.into())
    );
    let lines = workshop.fit(&[("--white-level", "4095")]).fine();
    assert_eq!(findings(&lines), Vec::<&Value>::new());
    let level = recipe(&workshop)
        .parts()
        .white_level
        .map(std::num::NonZeroU16::get);
    assert_eq!(level, Some(4095));
    let lines = workshop.fit(&[("--white-level", "1023")]).fine();
    assert_eq!(findings(&lines)[0]["finding"], "above_white_level");
}

/// Golden pictures are stored at 8 bits, as the model sees them: `fit` verifies that ONNX
/// Runtime replays them, here with a white level, Lanczos and turned pictures.
#[test]
fn golden_pictures_replay_with_a_white_level_and_turned_pictures() {
    let Some(workshop) = with_depths(&[12; 6]) else {
        return;
    };
    for seed in 0..6 {
        let file = png_with(&deep(seed, 12), 6);
        workshop.write(&format!("data/{seed}.png"), &file);
    }
    let options = [("--white-level", "4095"), ("--resize-filter", "lanczos")];
    let lines = workshop.fit(&options).fine();
    assert_eq!(events(&lines, "verified").len(), 1);
    let bundle = Bundle::open(&workshop.at("model.cfa")).unwrap();
    let (_, record) = bundle.golden_samples().next().unwrap();
    let brightest = record.picture.to_rgb8().into_raw().into_iter().max();
    // 12 bits at their white level: 200 of 255.
    assert!(brightest > Some(190), "{brightest:?}");
}

#[test]
fn mixed_depths_are_told_and_full_range_needs_no_word() {
    let Some(workshop) = with_depths(&[8, 8, 8, 8, 16, 16]) else {
        return;
    };
    let lines = workshop.fit(&[]).fine();
    let [found] = findings(&lines)[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(found["finding"], "mixed_depths");
    assert_eq!(
        (&found["eight_bit"], &found["sixteen_bit"]),
        (&4.into(), &2.into())
    );
}

#[test]
fn a_refused_size_names_the_option_that_lifts_it() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for (option, value) in [
        ("--max-pixels", "6399"),
        ("--max-side-px", "79"),
        ("--max-file-bytes", "100"),
    ] {
        let run = workshop.fit(&[(option, value)]);
        run.refused(&["0.png", &format!("{option} raises the limit")]);
    }
    let fitting = [
        ("--max-pixels", "6400"),
        ("--max-side-px", "80"),
        ("--epochs", "0"),
    ];
    workshop.fit(&fitting).fine();
}

/// Quality 100 with the `Exif` segment of a camera: the JPEG way to the same rule.
#[test]
fn a_jpeg_is_turned_in_training_too() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    let jpeg = |picture: &RgbImage| {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, 100)
            .write_image(picture, 40, 80, ExtendedColorType::Rgb8)
            .unwrap();
        file
    };
    for seed in 0..6 {
        let stored = rotate270(&stripes(seed, 80, 40));
        let file = jpeg(&stored);
        let exif = b"\xFF\xE1\0\x22Exif\0\0II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let file = [&file[..2], exif, &file[2..]].concat();
        workshop.write(&format!("data/{seed}.jpg"), &file);
    }
    workshop.fit(&[("--epochs", "0")]).fine();
    let bundle = Bundle::open(&workshop.at("model.cfa")).unwrap();
    let (_, record) = bundle.golden_samples().next().unwrap();
    // Stretched to the same size either way, so the stripes tell: the blue channel rises
    // downwards in the upright picture.
    let picture = record.picture.to_rgb8();
    let blue = |x, y| picture.get_pixel(x, y).0[2];
    let (right, down) = (picture.width() - 3, picture.height() - 3);
    assert!(blue(2, 2) < 20 && blue(right, 2) < 20);
    assert!(blue(2, down) > 50 && blue(right, down) > 50);
}
