//! Files that `cfa-run predict --save` writes.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;

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

#[test]
fn two_pictures_never_share_a_saved_file() {
    let folder = Folder::new();
    let (png, bmp) = (
        folder.draw("disc.png", 64, 64, 1),
        folder.draw("disc.bmp", 64, 64, 2),
    );
    let run = save("heatmap", &[&png, &bmp], &folder.at("out"));
    run.refused(&["disc.bmp", "disc_heatmap.png", "disc.png"]);
    let lines = run.json_lines();
    assert!(lines[0]["score"].is_number() && lines[1]["error"].is_string());
}

#[test]
fn a_picture_is_never_overwritten_by_a_saved_file() {
    let folder = Folder::new();
    let (png, tiff) = (
        folder.draw("disc.png", 64, 64, 1),
        folder.draw("disc.tiff", 64, 64, 2),
    );
    let before = fs::read(&tiff).unwrap();
    save("tiff", &[&png, &tiff], &folder.at("")).refused(&["disc.tiff"]);
    assert_eq!(fs::read(&tiff).unwrap(), before);
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
