//! Files that `cfa-run predict --save` writes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Cursor;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tiff::decoder::{Decoder, DecodingResult};

use crate::harness::{Folder, Run, predict};

fn save(what: &str, inputs: &[&Path], out: &Path) -> Run {
    let options = [
        OsStr::new("--json"),
        "--save".as_ref(),
        what.as_ref(),
        "--out".as_ref(),
        out.as_ref(),
    ];
    predict(
        options
            .into_iter()
            .chain(inputs.iter().map(|path| path.as_os_str())),
    )
}

#[test]
fn pictures_are_saved_in_the_size_of_the_original() {
    let folder = Folder::new();
    folder.draw("in/deep/disc.png", 131, 77, 1);
    let lines = save(
        "heatmap,overlay,tiff",
        &[&folder.at("in")],
        &folder.at("out"),
    )
    .fine();
    for name in ["heatmap", "overlay"] {
        let path = folder.at(&format!("out/deep/disc_{name}.png"));
        assert_eq!(lines[0]["saved"][name], path.to_str().unwrap());
        assert_eq!(image::open(path).unwrap().to_rgb8().dimensions(), (131, 77));
    }
    let inspected = image::open(folder.at("out/deep/disc_overlay.png"))
        .unwrap()
        .to_rgb8();
    assert_ne!(inspected, crate::harness::drawing(131, 77, 1));
}

#[test]
fn a_tiff_holds_the_map_of_the_json_line() {
    let folder = Folder::new();
    let picture = folder.draw("disc.jpeg", 100, 80, 2);
    let lines = save("tiff", &[&picture], &folder.at("out")).fine();
    let map = &lines[0]["map"];
    let mut decoder = Decoder::new(File::open(folder.at("out/disc.tiff")).unwrap()).unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    assert_eq!(
        (map["width"].as_u64(), map["height"].as_u64()),
        (Some(width.into()), Some(height.into()))
    );
    let DecodingResult::F32(values) = decoder.read_image().unwrap() else {
        panic!("not f32")
    };
    let largest = values.iter().copied().fold(f32::MIN, f32::max);
    let told: f32 = serde_json::from_value(map["max"].clone()).unwrap();
    assert_eq!(largest.to_bits(), told.to_bits());
}

/// A JPEG beside a PNG of one stem, and a picture that lies where a map would go.
#[test]
fn pictures_of_one_stem_get_files_of_their_own() {
    let folder = Folder::new();
    let names = ["in/disc.jpg", "in/disc.png", "in/disc.tiff"];
    for (seed, name) in names.into_iter().enumerate() {
        folder.draw(name, 64, 64, seed as u32);
    }
    let before = names.map(|name| fs::read(folder.at(name)).unwrap());
    for out in ["out", "in"] {
        let lines = save("heatmap,tiff", &[&folder.at("in")], &folder.at(out)).fine();
        let files: BTreeSet<_> = lines.iter().flat_map(saved_files).collect();
        assert_eq!(files.len(), 6, "{files:?}");
        for line in &lines {
            let bytes = fs::read(line["saved"]["tiff"].as_str().unwrap()).unwrap();
            let told: f32 = serde_json::from_value(line["score"].clone()).unwrap();
            assert_eq!(largest(&bytes).to_bits(), told.to_bits());
        }
        assert!(files.contains(&folder.at(out).join("disc.png_heatmap.png")));
    }
    assert_eq!(names.map(|name| fs::read(folder.at(name)).unwrap()), before);
}

#[test]
fn longer_names_are_told_beside_a_table() {
    let folder = Folder::new();
    let (png, bmp) = (
        folder.draw("disc.png", 64, 64, 1),
        folder.draw("disc.bmp", 64, 64, 2),
    );
    let run = predict([
        "--save".as_ref(),
        "tiff".as_ref(),
        "--out".as_ref(),
        folder.at("out").as_path(),
        &png,
        &bmp,
    ]);
    assert_eq!(run.code(), Some(0));
    let remarks = run.stderr();
    assert!(
        remarks.contains("longer names") && remarks.contains("disc.bmp"),
        "{remarks}"
    );
}

/// A folder is in the way of one file: the other is saved, and the result is told.
#[test]
fn a_file_that_cannot_be_saved_costs_no_verdict() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let file = folder.write("file", b"in the way");
    let lines = save("heatmap,tiff", &[&picture], &file.join("out")).json_lines();
    let expected = &predict([picture.to_str().unwrap(), "--json"]).fine()[0];
    for key in ["score", "verdict", "map", "peak"] {
        assert_eq!(lines[0][key], expected[key]);
    }
    assert_eq!(saved_files(&lines[0]).count(), 0);
    for what in ["heatmap", "tiff"] {
        let reason = lines[0]["not_saved"][what].as_str().unwrap();
        assert!(reason.contains("cannot be written"), "{reason}");
    }
    let run = predict([
        "--threshold".as_ref(),
        "0".as_ref(),
        "--save".as_ref(),
        "tiff".as_ref(),
        "--out".as_ref(),
        file.join("out").as_path(),
        &picture,
    ]);
    // What failed counts more than what is rejected.
    run.refused(&["disc.png: its tiff is not saved", "cannot be written"]);
    assert!(run.stdout().contains("reject"), "{}", run.stdout());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_output_folder_is_left_alone() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    fs::create_dir(folder.at("out")).unwrap();
    let link = folder.at("out/disc.tiff");
    std::os::unix::fs::symlink("/dev/full", &link).unwrap();
    let lines = save("tiff", &[&picture], &folder.at("out")).fine();
    assert_eq!(
        lines[0]["saved"]["tiff"],
        folder.at("out/disc.png.tiff").to_str().unwrap()
    );
    assert!(link.is_symlink());
}

#[test]
fn a_second_run_replaces_the_results_of_the_first() {
    let folder = Folder::new();
    folder.draw("in/disc.png", 64, 64, 1);
    folder.draw("in/disc.bmp", 64, 64, 2);
    let run = || {
        let lines = save("overlay,tiff", &[&folder.at("in")], &folder.at("out")).fine();
        lines
            .iter()
            .map(|line| line["saved"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
    assert_eq!(fs::read_dir(folder.at("out")).unwrap().count(), 4);
}

fn saved_files(line: &Value) -> impl Iterator<Item = PathBuf> {
    let saved = line["saved"].as_object().unwrap().values();
    let paths: Vec<_> = saved
        .map(|path| PathBuf::from(path.as_str().unwrap()))
        .collect();
    paths.into_iter()
}

/// The largest value of a map.
fn largest(tiff: &[u8]) -> f32 {
    let mut decoder = Decoder::new(Cursor::new(tiff)).unwrap();
    let DecodingResult::F32(values) = decoder.read_image().unwrap() else {
        panic!("not f32")
    };
    values.into_iter().fold(f32::MIN, f32::max)
}

#[test]
fn the_brightest_colour_can_be_set() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let heatmap = |out: &str, max: &str| {
        let options = ["--json", "--save", "heatmap", "--heatmap-max", max, "--out"];
        let options = options.map(OsStr::new);
        let folder = folder.at(out);
        predict(
            options
                .into_iter()
                .chain([folder.as_os_str(), picture.as_os_str()]),
        )
        .fine();
        image::open(folder.join("disc_heatmap.png"))
            .unwrap()
            .to_rgb8()
    };
    let brightness = |image: &image::RgbImage| image.pixels().map(|p| u64::from(p[0])).sum::<u64>();
    assert!(brightness(&heatmap("sensitive", "0.01")) > brightness(&heatmap("dull", "1e6")));
}

#[test]
fn an_output_folder_that_cannot_be_made_is_an_error() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let file = folder.write("file", b"in the way");
    save("tiff", &[&picture], &file.join("out")).refused(&["disc.tiff", "cannot be written"]);
}
