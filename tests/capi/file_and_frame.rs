//! A picture file and a frame of the same picture score alike: turned by the orientation that
//! the file records, and with the same white level.

use std::path::{Path, PathBuf};

use cfa_runtime::Bundle;
use cfa_runtime::bundle::{BundleParts, write_bundle};
use cfa_runtime::picture::{OrientationRule, Picture, ReadOptions};
use cfa_runtime::preprocess::{DepthRemark, PreprocessingParts};
use image::{ImageBuffer, Luma, RgbImage};
use serde_json::Value;

use crate::workbench::{Workbench, bundle, command, onnxruntime, root, source, succeeds};

const RGB8: u32 = 2;
const GRAY16: u32 = 6;

/// The tiny bundle after a change.
fn changed_bundle(bench: &Workbench, change: impl FnOnce(&mut BundleParts)) -> PathBuf {
    let mut parts = Bundle::open(&bundle()).unwrap().into_parts();
    change(&mut parts);
    let path = bench.at("changed.cfa");
    write_bundle(&path, parts).unwrap();
    path
}

/// Changes the recipe of a bundle to another possible one.
fn change_recipe(parts: &mut BundleParts, change: impl FnOnce(&mut PreprocessingParts)) {
    let recipe = &mut parts.manifest.preprocessing;
    *recipe = recipe.changed(change).unwrap();
}

/// The C program, and the bundle that it is run with.
struct Scores {
    bench: Workbench,
    program: PathBuf,
    model: PathBuf,
}

impl Scores {
    fn new(change: impl FnOnce(&mut BundleParts)) -> Self {
        let bench = Workbench::new();
        let program = bench.program("gcc", &["-std=c11", "-O1"], &source("file_and_frame.c"));
        let model = changed_bundle(&bench, change);
        Self {
            bench,
            program,
            model,
        }
    }

    fn without_options(
        &self,
        file: &Path,
        (pixels, format): (&[u8], u32),
        (w, h): (u32, u32),
    ) -> Value {
        self.with(file, (pixels, format), (w, h), &[])
    }

    fn with(
        &self,
        file: &Path,
        (pixels, format): (&[u8], u32),
        (width, height): (u32, u32),
        options: &[&str],
    ) -> Value {
        let raw = self.bench.at("raw");
        std::fs::write(&raw, pixels).unwrap();
        let mut run = command(&self.program, [onnxruntime(), self.model.clone()]);
        run.arg(file).arg(raw);
        run.args([format, width, height].map(|number| number.to_string()));
        serde_json::from_str(&succeeds(run.args(options))).unwrap()
    }
}

fn recorded(name: &str) -> PathBuf {
    root().join("tests/runtime/orientation").join(name)
}

fn upright(file: &Path) -> RgbImage {
    let options = ReadOptions {
        orientation: OrientationRule::Exif,
        ..ReadOptions::default()
    };
    Picture::open(file, &options).unwrap().to_rgb8()
}

#[test]
fn a_file_and_its_upright_frame_score_alike_in_every_orientation() {
    let scores = Scores::new(|parts| {
        change_recipe(parts, |recipe| recipe.orientation = OrientationRule::Exif);
    });
    for value in 1..=8 {
        for kind in ["png", "webp", "tif", "jpg"] {
            let file = recorded(&format!("{value}.{kind}"));
            // Pillow's picture where nothing is lost, else the pixels of our own decoder.
            let frame = match kind {
                "jpg" => upright(&file),
                _ => image::open(recorded(&format!("{value}_upright.png")))
                    .unwrap()
                    .to_rgb8(),
            };
            let found = scores.without_options(&file, (frame.as_raw(), RGB8), frame.dimensions());
            assert_eq!(found["file"], found["frame"], "{value}.{kind}");
            assert_eq!(found["file_px"], found["frame_px"], "{value}.{kind}");
        }
    }
}

/// The committed bundle has format 3.
#[test]
fn a_bundle_of_format_3_takes_the_stored_pixels() {
    let scores = Scores::new(|_| ());
    let stored = image::open(recorded("1_upright.png")).unwrap().to_rgb8();
    for value in 1..=8 {
        let file = recorded(&format!("{value}.png"));
        let found = scores.without_options(&file, (stored.as_raw(), RGB8), stored.dimensions());
        assert_eq!(found["file"], found["frame"], "{value}");
    }
}

fn twelve_bits() -> ImageBuffer<Luma<u16>, Vec<u16>> {
    ImageBuffer::from_fn(64, 48, |x, y| Luma([((x * 67 + y * 41) % 4096) as u16]))
}

fn warnings(found: &Value) -> Vec<String> {
    serde_json::from_value(found["info"]["warnings"].clone()).unwrap()
}

#[test]
fn twelve_bits_are_told_of_once_and_taken_by_the_option_and_by_the_bundle() {
    let deep = twelve_bits();
    let bytes: Vec<u8> = deep.as_raw().iter().flat_map(|v| v.to_ne_bytes()).collect();
    let dark = Scores::new(|_| ());
    let file = dark.bench.at("deep.png");
    deep.save(&file).unwrap();
    let frame = (&*bytes, GRAY16);

    let found = dark.without_options(&file, frame, deep.dimensions());
    assert_eq!(found["file"], found["frame"]);
    let [warning] = &warnings(&found)[..] else {
        panic!("{found}")
    };
    let largest = *deep.as_raw().iter().max().unwrap();
    let expected = DepthRemark::FewBits {
        largest,
        suggested_white_level: 4095,
    };
    assert!(warning.starts_with(&expected.to_string()), "{warning}");
    assert!(warning.contains("white_level"), "{warning}");

    let option = dark.with(&file, frame, deep.dimensions(), &["white_level", "4095"]);
    assert_eq!(option["file"], option["frame"]);
    assert_ne!(option["file"], found["file"]);
    assert_eq!(warnings(&option), Vec::<String>::new());

    let level = std::num::NonZeroU16::new(4095);
    let recorded = Scores::new(|parts| change_recipe(parts, |recipe| recipe.white_level = level));
    let bundle = recorded.without_options(&file, frame, deep.dimensions());
    assert_eq!(bundle["file"], option["file"]);
    assert_eq!(bundle["frame"], option["file"]);

    let clipped = dark.with(&file, frame, deep.dimensions(), &["white_level", "1023"]);
    let [warning] = &warnings(&clipped)[..] else {
        panic!("{clipped}")
    };
    assert!(warning.contains("above the white level 1023"), "{warning}");
}
