//! `cfa-train test`.

use std::fs;

use cfa_runtime::Bundle;
use cfa_runtime::Cancellation;
use cfa_runtime::inspector::{Inspection, Inspector, InspectorOptions};
use cfa_train::dataset::{Dataset, TestPicture};
use cfa_train::evaluation::evaluate;
use serde_json::Value;
use tiff::decoder::{Decoder, DecodingResult};

use crate::workshop::{Run, Workshop, onnx_runtime, program, stripes};

/// `MVTec`'s layout: good pictures, and a green patch with its mask.
fn labelled() -> Option<Workshop> {
    labelled_with(&[("--epochs", "5")])
}

fn labelled_with(changes: &[(&str, &str)]) -> Option<Workshop> {
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
    workshop.fit(changes).fine();
    Some(workshop)
}

/// The figures of `test --json`, which must succeed.
fn figures(workshop: &Workshop) -> Value {
    let run = test(workshop);
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    run.lines()[0].clone()
}

const PIXEL_FIGURES: [&str; 5] = [
    "pixel_auroc",
    "pixel_f1max",
    "aupro_03",
    "aupro_005",
    "regions",
];

/// Saves a mask with these pixels, by whether they are defective.
fn draw_masks(workshop: &Workshop, ending: &str, pixel: impl Fn(bool, u32, u32) -> [u8; 4]) {
    let defective = |x: u32, y: u32| (50..66).contains(&x) && (10..26).contains(&y);
    let _ = fs::remove_dir_all(workshop.at("data/ground_truth/patch"));
    let mask = image::RgbaImage::from_fn(80, 80, |x, y| image::Rgba(pixel(defective(x, y), x, y)));
    let mask = image::DynamicImage::from(mask);
    let mask = match ending {
        "jpg" => mask.to_luma8().into(),
        _ => mask,
    };
    for seed in 0..2 {
        workshop.save(
            &format!("data/ground_truth/patch/{seed}_mask.{ending}"),
            &mask,
        );
    }
}

/// However a mask is drawn, the figures are the same, and an odd one is remarked on.
#[test]
fn figures_do_not_depend_on_how_masks_are_drawn() {
    let Some(workshop) = labelled() else { return };
    let expected = figures(&workshop);
    assert_eq!(expected["odd_masks"], serde_json::json!([]));
    let same = |remark: Option<&str>| {
        let found = figures(&workshop);
        for name in PIXEL_FIGURES {
            assert_eq!(found[name], expected[name], "{name} {remark:?}");
        }
        let odd = found["odd_masks"].as_array().unwrap();
        match remark {
            None => assert!(odd.is_empty(), "{odd:?}"),
            Some(remark) => {
                let said = odd[0]["remark"].as_str().unwrap();
                assert!(said.contains(remark), "{said}");
                assert!(odd[0]["mask"].as_str().unwrap().contains("0_mask"));
            }
        }
    };
    let gray = |value: u8| [value, value, value, 255];
    draw_masks(&workshop, "png", |set, _, _| gray(u8::from(set)));
    same(None);
    draw_masks(&workshop, "jpg", |set, _, _| gray(255 * u8::from(set)));
    same(Some("different values"));
    draw_masks(&workshop, "png", |set, _, _| [0, 0, 0, 255 * u8::from(set)]);
    same(Some("transparent"));
    draw_masks(&workshop, "png", |set, _, _| {
        if set {
            [255, 0, 0, 255]
        } else {
            [255, 255, 255, 0]
        }
    });
    same(Some("transparent"));
    draw_masks(&workshop, "png", |set, x, y| {
        gray(if set { 255 } else { 1 + ((x * y) % 3) as u8 })
    });
    same(Some("4 different values"));

    draw_masks(&workshop, "png", |set, _, _| gray(255 * u8::from(!set)));
    test(&workshop).refused(&["2 of 2 masks look inverted", "0_mask.png"]);
    draw_masks(&workshop, "png", |_, x, y| gray((2 * x + y) as u8));
    test(&workshop).refused(&["0_mask.png", "two values", "--skip-bad"]);
    draw_masks(&workshop, "png", |set, _, _| gray(255 * u8::from(set)));
    fs::create_dir(workshop.at("data/ground_truth/good")).unwrap();
    let [of_patch, of_good] = ["patch/0_mask.png", "good/1_mask.png"]
        .map(|name| workshop.at(&format!("data/ground_truth/{name}")));
    fs::copy(of_patch, of_good).unwrap();
    same_but_for_a_good_picture(&figures(&workshop), &expected);
}

fn same_but_for_a_good_picture(found: &Value, expected: &Value) {
    for name in PIXEL_FIGURES {
        assert_eq!(found[name], expected[name], "{name}");
    }
    let odd = &found["odd_masks"][0];
    assert!(odd["mask"].as_str().unwrap().ends_with("good/1_mask.png"));
    assert!(
        odd["remark"].as_str().unwrap().contains("good one"),
        "{odd}"
    );
}

/// 64 px of which the middle 48 are kept: of a picture of 80 px those from 10 to 69.
#[test]
fn what_the_centre_crop_hides_is_told() {
    let changes = [("--epochs", "1"), ("--center-crop", "48")];
    let Some(workshop) = labelled_with(&changes) else {
        return;
    };
    let inside = figures(&workshop);
    assert_eq!(inside["outside_crop"]["defective_pixels"], 512);
    assert_eq!(inside["outside_crop"]["defective_pixels_outside"], 0);
    assert_eq!(inside["whole_pictures"]["regions"], 2);

    let mut mask = image::GrayImage::new(80, 80);
    for (x, y) in (50..66).flat_map(|x| (10..26).map(move |y| (x, y))) {
        mask.put_pixel(x, y, image::Luma([255]));
    }
    for (x, y) in (0..5).flat_map(|x| (70..80).map(move |y| (x, y))) {
        mask.put_pixel(x, y, image::Luma([255]));
    }
    workshop.save("data/ground_truth/patch/1_mask.png", &mask.into());
    let found = figures(&workshop);
    let hidden = &found["outside_crop"];
    for (name, value) in [
        ("defective_pixels", 562),
        ("defective_pixels_outside", 50),
        ("regions", 3),
        ("regions_outside", 1),
        ("regions_partly_outside", 0),
        ("pictures", 2),
        ("pictures_outside", 0),
        ("pictures_partly_outside", 1),
    ] {
        assert_eq!(hidden[name], value, "{name}: {hidden}");
    }
    for name in PIXEL_FIGURES {
        assert_eq!(
            found[name], inside[name],
            "{name}: the crop's own figures stay"
        );
    }
    let whole = &found["whole_pictures"];
    assert_eq!(whole["regions"], 3);
    assert_eq!(whole, &found["defects"]["patch"]["whole_pictures"]);
    let lost = |name: &str| {
        let figure = |of: &Value| of[name].as_f64().unwrap();
        assert!(
            figure(whole) < figure(&inside["whole_pictures"]),
            "{name}: {whole}"
        );
    };
    ["pixel_auroc", "pixel_f1max", "aupro_03"]
        .into_iter()
        .for_each(lost);
    let text = String::from_utf8(test_with(&workshop, &[]).0.stdout).unwrap();
    assert!(
        text.contains("50 of 562 defective pixels (8.9 %)"),
        "{text}"
    );
    assert!(
        text.contains("1 of 3 regions wholly and 0 partly"),
        "{text}"
    );
    let page = workshop.text("page.html");
    test_with(&workshop, &["--report", &page]);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("50 of 562 outside the centre crop"));
}

#[test]
fn broken_test_pictures_are_found_before_the_work_and_may_be_left_out() {
    let Some(workshop) = labelled_with(&[("--epochs", "1")]) else {
        return;
    };
    workshop.write("data/test/good/9.png", b"no picture");
    workshop.draw("data/test/patch/9.png", 9);
    workshop.write("data/ground_truth/patch/9_mask.png", b"no mask");
    test(&workshop).refused_at_once(&["(2)", "good/9.png", "9_mask.png", "--skip-bad"]);
    let run = test_with(&workshop, &["--json", "--skip-bad"]);
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    let found = &run.lines()[0];
    assert_eq!(
        (&found["images"], &found["regions"]),
        (&4.into(), &2.into())
    );
    let left_out = found["left_out"].as_array().unwrap();
    assert_eq!(left_out.len(), 2);
    assert!(
        left_out[1]["picture"]
            .as_str()
            .unwrap()
            .ends_with("patch/9.png")
    );
    assert!(
        left_out[1]["reason"]
            .as_str()
            .unwrap()
            .contains("9_mask.png")
    );
    let text = test_with(&workshop, &["--skip-bad"]).0.stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("left out (--skip-bad) (2)") && text.contains("good/9.png"),
        "{text}"
    );
}

/// A picture that goes away after the check costs nothing but itself.
#[test]
fn a_picture_that_breaks_in_between_costs_no_other() {
    let Some(workshop) = labelled_with(&[("--epochs", "1")]) else {
        return;
    };
    let library = onnx_runtime().unwrap();
    let options = InspectorOptions::default();
    let mut inspector = Inspector::open(&workshop.at("model.cfa"), &library, &options).unwrap();
    let mut pictures = Dataset::discover(&workshop.at("data")).unwrap().test;
    let (go_on, mut seen) = (Cancellation::new(), |_: &TestPicture, _: &Inspection| ());
    let whole = evaluate(&mut inspector, &pictures, &go_on, &mut seen).unwrap();
    let mut gone = pictures[0].clone();
    gone.path = workshop.at("data/test/good/gone.png");
    pictures.insert(1, gone.clone());
    let found = evaluate(&mut inspector, &pictures, &go_on, &mut seen).unwrap();
    assert_eq!(found.overall, whole.overall);
    assert_eq!(found.failed.len(), 1);
    assert_eq!(found.failed[0].picture, gone.path);
    assert!(
        found.failed[0].reason.contains("gone.png"),
        "{:?}",
        found.failed
    );
    assert!(evaluate(&mut inspector, &[gone], &go_on, &mut seen).is_err());
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
    Run::finished(&mut program(fixed.iter().chain(more)))
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
    let run = |more: &[&str]| Run::finished(&mut program(named.iter().chain(more)));
    let whole = run(&["--normal-test-dir", &good, "--mask-dir", &masks]);
    // The data set has training pictures, which the folders do not name.
    let figures_alone = |output: &Value| {
        let mut output = output.clone();
        output.as_object_mut().unwrap().remove("data");
        output
    };
    assert_eq!(
        figures_alone(&whole.lines()[0]),
        figures_alone(figures),
        "{}",
        whole.stderr()
    );
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
