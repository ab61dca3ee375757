//! `cfa-train test`.

use std::fs;

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

fn test(workshop: &Workshop) -> Run {
    let (model, data) = (workshop.text("model.cfa"), workshop.text("data"));
    Run::of(&mut program([
        "test", "--model", &model, "--data", &data, "--json",
    ]))
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

    workshop.write("data/test/good/2.png", b"no picture");
    test(&workshop).refused(&["good/2.png"]);
    fs::remove_dir_all(workshop.at("data/test")).unwrap();
    test(&workshop).refused(&["test/good"]);
    workshop.write("model.cfa", b"no bundle");
    workshop.draw("data/test/good/0.png", 2);
    test(&workshop).refused(&["model.cfa"]);
}
