//! How pictures are read: orientation, white level and limits, by bundle and by option.

use std::path::{Path, PathBuf};

use cfa_runtime::bundle::{BundleParts, write_bundle};
use cfa_runtime::picture::OrientationRule;
use cfa_runtime::preprocess::PreprocessingParts;
use cfa_runtime::verify::replay;
use cfa_runtime::{Bundle, Inspector, InspectorOptions};
use image::{DynamicImage, ImageBuffer, Luma};
use serde_json::Value;

use crate::harness::{Folder, Run, cfa_run, onnx_runtime, predict, tiny_bundle};

fn recorded(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/runtime/orientation");
    folder.join(name)
}

/// The tiny bundle after a change.
fn changed(folder: &Folder, change: impl FnOnce(&mut BundleParts)) -> PathBuf {
    let mut parts = Bundle::open(&tiny_bundle()).unwrap().into_parts();
    change(&mut parts);
    let path = folder.at("changed.cfa");
    write_bundle(&path, parts).unwrap();
    path
}

/// Changes the recipe of a bundle to another possible one.
fn change_recipe(parts: &mut BundleParts, change: impl FnOnce(&mut PreprocessingParts)) {
    let recipe = &mut parts.manifest.preprocessing;
    *recipe = recipe.changed(change).unwrap();
}

fn upright_bundle(folder: &Folder) -> PathBuf {
    changed(folder, |parts| {
        change_recipe(parts, |recipe| recipe.orientation = OrientationRule::Exif);
    })
}

fn predicted(model: &Path, picture: &Path, more: &[&str]) -> Value {
    let fixed = [
        "predict".as_ref(),
        "--json".as_ref(),
        "--model".as_ref(),
        model,
        picture,
    ];
    let arguments = fixed.into_iter().chain(more.iter().map(Path::new));
    cfa_run(arguments).fine().remove(0)
}

/// Where the inspection looks the same: not the path, not the times.
fn result(line: &Value) -> [&Value; 4] {
    ["score", "map", "peak", "picture"].map(|key| &line[key])
}

/// The committed bundle has format 3, which did not name a rule.
#[test]
fn a_bundle_of_format_3_opens_and_reads_stored_pixels() {
    let manifest = Bundle::open(&tiny_bundle()).unwrap().into_parts().manifest;
    assert_eq!(manifest.format_version, 3);
    assert_eq!(
        manifest.preprocessing.parts().orientation,
        OrientationRule::Stored
    );
    let stored = predicted(&tiny_bundle(), &recorded("1.png"), &[]);
    for value in 2..=8 {
        let found = predicted(&tiny_bundle(), &recorded(&format!("{value}.png")), &[]);
        assert_eq!(result(&found), result(&stored), "{value}");
    }
}

#[test]
fn a_turned_file_is_inspected_as_its_upright_copy() {
    let folder = Folder::new();
    let model = upright_bundle(&folder);
    for value in 1..=8 {
        let upright = predicted(&model, &recorded(&format!("{value}_upright.png")), &[]);
        for kind in ["png", "webp", "tif"] {
            let found = predicted(&model, &recorded(&format!("{value}.{kind}")), &[]);
            assert_eq!(result(&found), result(&upright), "{value}.{kind}");
        }
    }
}

#[test]
fn overlay_and_heat_map_have_the_size_of_the_turned_picture() {
    let folder = Folder::new();
    let model = upright_bundle(&folder);
    let out = folder.at("out");
    let more = ["--save", "heatmap,overlay", "--out", out.to_str().unwrap()];
    for file in ["6.jpg", "6_upright.png"] {
        predicted(&model, &recorded(file), &more);
    }
    let read = |name: &str| image::open(out.join(name)).unwrap();
    for what in ["heatmap", "overlay"] {
        let turned = read(&format!("6_{what}.png"));
        assert_eq!((turned.width(), turned.height()), (16, 24), "{what}");
    }
    // JPEG of flat blocks: a few levels in the picture, and so in the blend.
    let (turned, upright) = (read("6_overlay.png"), read("6_upright_overlay.png"));
    let pairs = turned.to_rgb8().into_raw().into_iter();
    let pairs = pairs.zip(upright.to_rgb8().into_raw());
    assert!(pairs.map(|(a, b)| a.abs_diff(b)).max() <= Some(30));
}

/// 12 bits in 16-bit samples.
fn twelve_bits(folder: &Folder, name: &str) -> PathBuf {
    let picture: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_fn(90, 70, |x, y| Luma([((x * 67 + y * 41) % 4096) as u16]));
    let path = folder.at(name);
    picture.save(&path).unwrap();
    path
}

fn warnings(line: &Value) -> Vec<&str> {
    let warnings = line["warnings"].as_array().unwrap();
    warnings.iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn json_tells_of_every_picture_with_few_bits() {
    let folder = Folder::new();
    let deep = ["a.png", "b.png"].map(|name| twelve_bits(&folder, name));
    let shallow = folder.draw("c.png", 64, 64, 1);
    let pictures = deep.iter().chain([&shallow]);
    let lines = predict(
        ["--json".as_ref()]
            .into_iter()
            .chain(pictures.map(PathBuf::as_path)),
    )
    .fine();
    for line in &lines[..2] {
        let [warning] = warnings(line)[..] else {
            panic!("{line}")
        };
        assert!(warning.contains("--white-level 4095"), "{warning}");
    }
    assert_eq!(warnings(&lines[2]), Vec::<&str>::new());
}

#[test]
fn the_table_warns_of_each_kind_once() {
    let folder = Folder::new();
    let deep = ["a.png", "b.png", "c.png"].map(|name| twelve_bits(&folder, name));
    let said = |more: &[&str]| {
        let run: Run = predict(
            more.iter()
                .map(Path::new)
                .chain(deep.iter().map(PathBuf::as_path)),
        );
        assert_eq!(run.code(), Some(0));
        let said = run.stderr();
        let about = said.lines().filter(|line| line.contains("16-bit samples"));
        about.map(str::to_owned).collect::<Vec<_>>()
    };
    let [few_bits] = &said(&[])[..] else {
        panic!("one line")
    };
    assert!(few_bits.contains("a.png") && few_bits.contains("--white-level 4095"));
    assert_eq!(said(&["--white-level", "4095"]), Vec::<String>::new());
    let [clipped] = &said(&["--white-level", "1023"])[..] else {
        panic!("one line")
    };
    assert!(clipped.contains("above the white level 1023"), "{clipped}");
}

#[test]
fn the_white_level_of_a_bundle_is_that_of_the_option() {
    let folder = Folder::new();
    let deep = twelve_bits(&folder, "deep.png");
    let model = changed(&folder, |parts| {
        change_recipe(parts, |recipe| {
            recipe.white_level = std::num::NonZeroU16::new(4095);
        });
    });
    let recorded = predicted(&model, &deep, &[]);
    let option = predicted(&tiny_bundle(), &deep, &["--white-level", "4095"]);
    let dark = predicted(&tiny_bundle(), &deep, &[]);
    assert_eq!(result(&recorded), result(&option));
    assert_ne!(result(&recorded), result(&dark));
    // The option is stronger, and the full range is what no white level means.
    let full = predicted(&model, &deep, &["--white-level", "65535"]);
    assert_eq!(result(&full), result(&dark));
    // 8 bits know no white level.
    let shallow = folder.draw("shallow.png", 64, 64, 1);
    let (with, without) = (
        predicted(&model, &shallow, &[]),
        predicted(&tiny_bundle(), &shallow, &[]),
    );
    assert_eq!(result(&with), result(&without));
}

#[test]
fn an_overlay_shows_the_white_level_as_white() {
    let folder = Folder::new();
    let white: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(64, 64, Luma([4095]));
    let path = folder.at("white.png");
    white.save(&path).unwrap();
    let out = folder.at("out");
    // A colour that no value reaches leaves the picture as it is.
    let more = [
        "--white-level",
        "4095",
        "--heatmap-max",
        "1e30",
        "--save",
        "overlay",
        "--out",
        out.to_str().unwrap(),
    ];
    predicted(&tiny_bundle(), &path, &more);
    let overlay = image::open(out.join("white_overlay.png"))
        .unwrap()
        .to_rgb8();
    assert!(overlay.as_raw().iter().all(|&level| level >= 254));
}

#[test]
fn golden_pictures_replay_under_every_rule() {
    let folder = Folder::new();
    let model = changed(&folder, |parts| {
        change_recipe(parts, |recipe| recipe.orientation = OrientationRule::Exif);
        change_recipe(parts, |recipe| {
            recipe.white_level = std::num::NonZeroU16::new(4095);
        });
    });
    let options = InspectorOptions {
        white_level: std::num::NonZeroU16::new(1023),
        ..InspectorOptions::default()
    };
    let mut inspector = Inspector::open(&model, &onnx_runtime(), &options).unwrap();
    assert!(replay(&mut inspector).unwrap().ok());
}

#[test]
fn a_long_line_scan_is_inspected() {
    let folder = Folder::new();
    let path = folder.at("line.png");
    DynamicImage::new_luma8(20_000, 64).save(&path).unwrap();
    let line = predicted(&tiny_bundle(), &path, &[]);
    assert_eq!(line["picture"]["width"], 20_000);
}

#[test]
fn a_limit_names_the_option_that_lifts_it() {
    let folder = Folder::new();
    let path = folder.draw("disc.png", 90, 70, 1);
    for (option, value, enough) in [
        ("--max-pixels", "6299", "6300"),
        ("--max-side-px", "89", "90"),
        ("--max-file-bytes", "100", "1000000"),
    ] {
        let words = [option, "raises the limit", "disc.png"];
        predict([path.as_os_str(), option.as_ref(), value.as_ref()]).refused(&words);
        let json = [
            "--json".as_ref(),
            path.as_os_str(),
            option.as_ref(),
            value.as_ref(),
        ];
        predict(json).refused(&words);
        predicted(&tiny_bundle(), &path, &[option, enough]);
        let model = tiny_bundle();
        let bench = [
            "bench".as_ref(),
            "--model".as_ref(),
            model.as_os_str(),
            "--pictures".as_ref(),
        ];
        let more = [path.as_os_str(), option.as_ref(), value.as_ref()];
        let bench = bench.into_iter().chain(more);
        cfa_run(bench).refused(&[option, "raises the limit"]);
    }
}

#[test]
fn info_tells_the_rules() {
    let folder = Folder::new();
    let model = changed(&folder, |parts| {
        change_recipe(parts, |recipe| recipe.orientation = OrientationRule::Exif);
        change_recipe(parts, |recipe| {
            recipe.white_level = std::num::NonZeroU16::new(4095);
        });
    });
    let text = cfa_run(["info".as_ref(), model.as_os_str()]).stdout();
    assert!(text.contains("orientation   exif"), "{text}");
    assert!(text.contains("white level   4095"), "{text}");
}
