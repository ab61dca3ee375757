//! `cfa-train test`.

use std::fs;

use cfa_runtime::Bundle;
use serde_json::Value;
use tiff::decoder::{Decoder, DecodingResult};

use crate::workshop::{Run, Workshop, onnx_runtime, program, stripes};

/// `MVTec`'s layout: good pictures, and a green patch with its mask.
fn labelled() -> Option<Workshop> {
    onnx_runtime()?;
    let workshop = Workshop::empty()?;
    for seed in 0..6 {
        workshop.draw(&format!("data/train/good/{seed}.png"), seed);
    }
    workshop.draw("data/test/good/0.png", 2);
    workshop.draw("data/test/good/1.png", 4);
    for seed in 0..2 {
        let mut picture = stripes(seed, 80, 80);
        let mut mask = image::GrayImage::new(80, 80);
        for (x, y) in (50..66).flat_map(|x| (10..26).map(move |y| (x, y))) {
            picture.put_pixel(x, y, image::Rgb([10, 250, 10]));
            mask.put_pixel(x, y, image::Luma([255]));
        }
        workshop.save(&format!("data/test/patch/{seed}.png"), &picture.into());
        workshop.save(
            &format!("data/ground_truth/patch/{seed}_mask.png"),
            &mask.into(),
        );
    }
    workshop.fit(&[("--epochs", "5")]).fine();
    Some(workshop)
}

#[test]
fn maps_never_land_among_the_test_pictures() {
    let Some(workshop) = labelled() else {
        return;
    };
    let above = workshop.text("");
    test_with(&workshop, &["--tiff", &above]).refused(&["among the test pictures", "--tiff"]);
    assert!(!workshop.at("data/test/good/0.tiff").exists());
}

fn test(workshop: &Workshop) -> Run {
    test_with(workshop, &["--json"])
}

fn test_with(workshop: &Workshop, more: &[&str]) -> Run {
    let (model, data) = (workshop.text("model.cfa"), workshop.text("data"));
    let fixed = ["test", "--model", &model, "--data", &data];
    Run::of(&mut program(fixed.iter().chain(more)))
}

/// One kind of defect: the same figures as over all, to the last bit.
fn complete(figures: &Value, workshop: &Workshop) {
    let patch = &figures["defects"]["patch"];
    for name in [
        "image_auroc",
        "image_aupr",
        "image_f1max",
        "pixel_auroc",
        "pixel_f1max",
        "aupro_03",
        "aupro_005",
    ] {
        let figure = figures[name].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&figure), "{name} {figure}");
        assert_eq!(patch[name], figures[name], "{name}");
    }
    let threshold = figures["image_f1max_threshold"].as_f64().unwrap();
    assert!(threshold > 0.0, "{figures}");
    assert!(figures["pixel_f1max_threshold"].as_f64().unwrap() <= threshold);
    assert_eq!(
        (&patch["images"], &patch["defective"]),
        (&4.into(), &2.into())
    );
    assert_eq!(figures["regions"], 2);
    assert_eq!(figures["provider"], "cpu");
    let bundle = Bundle::open(&workshop.at("model.cfa")).unwrap();
    assert_eq!(figures["model"], bundle.digest_hex());
}

/// In the size of the pictures, not of the 64×64 maps; an older file is replaced.
fn maps_are_written(workshop: &Workshop, figures: &Value) {
    let maps = workshop.text("maps");
    let stale = workshop.at("maps/data/test/good/0.tiff");
    fs::create_dir_all(stale.parent().unwrap()).unwrap();
    fs::write(&stale, b"stale").unwrap();
    let run = test_with(workshop, &["--json", "--tiff", &maps]);
    assert_eq!(&run.lines()[0], figures, "{}", run.stderr());
    for name in ["good/0", "good/1", "patch/0", "patch/1"] {
        assert_eq!(tiff(workshop, name).0, (80, 80), "{name}");
    }
    let patch = tiff(workshop, "patch/0").1;
    let value = |x: usize, y: usize| patch[y * 80 + x];
    assert!(value(58, 18) > value(10, 60), "the patch stands out");

    let blocked = workshop.write("blocked", b"a file");
    test_with(workshop, &["--tiff", blocked.to_str().unwrap()]).refused(&["blocked", "writable"]);
    workshop.draw("data/test/good/1.bmp", 4);
    test_with(workshop, &["--tiff", &maps]).refused(&["1.bmp", "1.png", "rename"]);
    fs::remove_file(workshop.at("data/test/good/1.bmp")).unwrap();
}

/// Width and height, and the values.
fn tiff(workshop: &Workshop, name: &str) -> ((u32, u32), Vec<f32>) {
    let file = fs::File::open(workshop.at(&format!("maps/data/test/{name}.tiff"))).unwrap();
    let mut decoder = Decoder::new(file).unwrap();
    let DecodingResult::F32(values) = decoder.read_image().unwrap() else {
        panic!("{name}: not 32-bit floating point")
    };
    (decoder.dimensions().unwrap(), values)
}

fn a_report_is_written(workshop: &Workshop) {
    let page = workshop.text("page.html");
    let run = test_with(workshop, &["--report", &page, "--report-all"]);
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    let table = String::from_utf8(run.0.stdout).unwrap();
    assert!(
        table.contains("patch") && table.contains("AUPRO"),
        "{table}"
    );
    let page = fs::read_to_string(page).unwrap();
    // Each picture twice: among the worst, and among all.
    assert_eq!(page.matches("<figure>").count(), 8);
    assert_eq!(page.matches("src=\"data:image/jpeg;base64,").count(), 24);
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 4);
    assert!(!page.contains("http") && page.contains("patch/1 <b>"));

    let nowhere = workshop.text("no/folder/page.html");
    test_with(workshop, &["--report", &nowhere]).refused_at_once(&["no/folder", "--report"]);
    let folder = workshop.text("data");
    test_with(workshop, &["--report", &folder]).refused_at_once(&["data", "--report"]);
}

fn folders_named_one_by_one_give_the_same(workshop: &Workshop, figures: &Value) {
    let [model, good, patch, masks] = [
        "model.cfa",
        "data/test/good",
        "data/test/patch",
        "data/ground_truth/patch",
    ]
    .map(|name| workshop.text(name));
    let named = [
        "test",
        "--json",
        "--model",
        &model,
        "--abnormal-dir",
        &patch,
    ];
    let run = |more: &[&str]| Run::of(&mut program(named.iter().chain(more)));
    let whole = run(&["--normal-test-dir", &good, "--mask-dir", &masks]);
    assert_eq!(&whole.lines()[0], figures, "{}", whole.stderr());
    run(&["--data", &good]).refused_at_once(&["--data", "--abnormal-dir"]);
    run(&["--mask-dir", &masks, "--mask-dir", &good]).refused_at_once(&["2 folders of masks"]);
}

#[test]
fn figures_are_given_and_what_is_missing_is_named() {
    let Some(workshop) = labelled() else { return };
    let run = test(&workshop);
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    let figures = &run.lines()[0];
    assert_eq!(
        (&figures["images"], &figures["defective"]),
        (&4.into(), &2.into())
    );
    assert_eq!(figures["image_auroc"], 1.0, "{figures}");
    assert!(figures["pixel_auroc"].as_f64().unwrap() > 0.9, "{figures}");
    complete(figures, &workshop);
    maps_are_written(&workshop, figures);
    a_report_is_written(&workshop);
    folders_named_one_by_one_give_the_same(&workshop, figures);

    let mask = workshop.at("data/ground_truth/patch/1_mask.png");
    workshop.save(
        "data/ground_truth/patch/1_mask.png",
        &image::GrayImage::new(40, 80).into(),
    );
    test(&workshop).refused(&["1_mask.png", "(40, 80)", "(80, 80)"]);
    fs::write(&mask, b"no picture").unwrap();
    test(&workshop).refused(&["1_mask.png"]);
    fs::remove_file(&mask).unwrap();
    test(&workshop).refused(&["patch/1.png", "no mask"]);

    fs::remove_dir_all(workshop.at("data/ground_truth")).unwrap();
    let run = test(&workshop);
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    assert!(run.lines()[0]["pixel_auroc"].is_null());
    assert!(run.lines()[0]["aupro_03"].is_null());
    fs::rename(workshop.at("data/test/patch"), workshop.at("patch")).unwrap();
    let run = test(&workshop);
    for figure in ["image_auroc", "image_aupr", "image_f1max"] {
        assert!(
            run.lines()[0][figure].is_null(),
            "{figure} of good pictures alone"
        );
    }

    workshop.write("data/test/good/2.png", b"no picture");
    test(&workshop).refused(&["good/2.png"]);
    fs::remove_dir_all(workshop.at("data/test")).unwrap();
    test(&workshop).refused(&["test/good"]);
    workshop.write("model.cfa", b"no bundle");
    workshop.draw("data/test/good/0.png", 2);
    test(&workshop).refused(&["model.cfa"]);
}
