//! Data sets as people have them: other names, nested folders, stray and equal pictures.

use std::fs;

use cfa_runtime::Bundle;
use serde_json::Value;

use crate::workshop::{Run, SIDE, Workshop, events, onnx_runtime, program, stripes};

/// The account of the data: an event of `fit`, a part of the object of the others.
#[track_caller]
fn account(run: &Run) -> Value {
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    let lines = run.lines();
    let accounts: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "data")
        .chain(lines.iter().filter_map(|line| line.get("data")))
        .collect();
    let [account] = accounts[..] else {
        panic!("{accounts:?}")
    };
    account.clone()
}

/// How many files are left out for a reason.
fn left_out(account: &Value, reason: &str) -> u64 {
    let groups = account["left_out"].as_array().unwrap();
    let group = groups.iter().find(|group| group["reason"] == reason);
    group.map_or(0, |group| group["count"].as_u64().unwrap())
}

fn test(workshop: &Workshop, data: &str, more: &[&str]) -> Run {
    let (model, data) = (workshop.text("model.cfa"), workshop.text(data));
    let fixed = ["test", "--json", "--model", &model, "--data", &data];
    Run::finished(&mut program(fixed.iter().chain(more)))
}

/// A good picture, or one with a green patch.
fn draw_test(workshop: &Workshop, folder: &str, good: &str, bad: &str) {
    for seed in 12..14 {
        workshop.draw(&format!("{folder}/{good}/{seed}.png"), seed);
        let mut picture = stripes(seed, SIDE, SIDE);
        for (x, y) in (50..66).flat_map(|x| (10..26).map(move |y| (x, y))) {
            picture.put_pixel(x, y, image::Rgb([10, 250, 10]));
        }
        workshop.save(&format!("{folder}/{bad}/{seed}.png"), &picture.into());
    }
}

#[test]
fn good_pictures_by_another_name_are_good() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    if onnx_runtime().is_none() {
        return;
    }
    for seed in 0..6 {
        let folder = if seed < 4 { "OK" } else { "good" };
        workshop.draw(&format!("data/train/{folder}/{seed}.png"), seed);
    }
    draw_test(&workshop, "data/test", "OK", "NG");
    let run = workshop.fit(&[]);
    assert_eq!(account(&run)["pictures_used"], 6);
    let run = test(&workshop, "data", &[]);
    let figures = &run.lines()[0];
    assert_eq!(
        (&figures["images"], &figures["defective"]),
        (&4.into(), &2.into())
    );
    assert!(figures["image_auroc"].is_f64() && figures["defects"]["NG"].is_object());
    assert_eq!(account(&run)["pictures_found"], 4);

    // A test part alone will do, and names that nobody knows need an option.
    draw_test(&workshop, "alone/test", "teile", "kratzer");
    test(&workshop, "alone", &[]).refused(&["teile", "kratzer", "--good-name"]);
    let run = test(&workshop, "alone", &["--good-name", "Teile"]);
    assert_eq!(run.lines()[0]["defective"], 2, "{}", run.stderr());
    assert!(run.lines()[0]["defects"]["kratzer"].is_object());
    workshop
        .fit(&[("--data", &workshop.text("alone"))])
        .refused_at_once(&["test (4 pictures)"]);

    // Without good pictures nothing guards the export of a smaller network.
    let (model, out) = (workshop.text("model.cfa"), workshop.text("small.cfa"));
    let (data, unknown) = (workshop.text("data"), workshop.text("alone"));
    let words = [
        "export",
        &model,
        "--precision",
        "int8",
        "--data",
        &data,
        "--out",
        &out,
    ];
    let run = Run::finished(&mut program(words.iter().chain(&["--test-data", &unknown])));
    run.refused(&["teile", "--good-name"]);
}

#[test]
fn what_lies_deeper_is_used_and_what_is_not_used_is_counted() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    for seed in 0..4 {
        workshop.draw(&format!("data/train/good/{seed}.png"), seed);
        workshop.draw(&format!("data/train/good/shift0/{seed}.png"), seed + 4);
        workshop.draw(&format!("data/train/good/@eaDir/{seed}.png"), seed + 8);
        let jpeg = workshop.text(&format!("data/train/good/{seed}.jpg"));
        stripes(seed + 12, SIDE, SIDE).save(&jpeg).unwrap();
        fs::rename(&jpeg, jpeg.replace(".jpg", ".jfif")).unwrap();
        workshop.write(&format!("data/train/good/g{seed}.pgm"), b"P5 1 1 255 7");
    }
    workshop.draw("data/overview.png", 20);
    let run = workshop.fit(&[]);
    let told = account(&run);
    assert_eq!(
        (&told["pictures_found"], &told["pictures_used"]),
        (&17.into(), &12.into())
    );
    assert_eq!(left_out(&told, "other_format"), 4);
    assert_eq!(left_out(&told, "stray"), 1);
    assert_eq!(left_out(&told, "system"), 1);
    let lines = run.lines();
    assert_eq!(events(&lines, "held_out")[0]["training"], 11);
    let record = Bundle::open(&workshop.at("model.cfa"))
        .unwrap()
        .into_parts()
        .manifest
        .training;
    assert_eq!(record["data"]["pictures_found"], 17);
}

/// For a person: short.
#[test]
fn the_account_is_the_last_thing_said() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    for seed in 6..12 {
        workshop.draw(&format!("data/{seed}.png"), seed);
    }
    let mut command = workshop.command(&[("--json", "")]);
    let words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = program(words.iter().filter(|word| *word != "--json"));
    let said = Run::finished(&mut command).stderr();
    let last = said.trim_end().lines().last().unwrap();
    assert!(
        last.ends_with("pictures: 12 found, all used, no two alike"),
        "{said}"
    );
    assert!(
        Bundle::open(&workshop.at("model.cfa"))
            .unwrap()
            .into_parts()
            .manifest
            .training["data"]
            .is_null(),
        "nothing to remember"
    );
}

#[test]
fn a_project_is_not_trained_on_as_good_pictures() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    workshop.draw("data/preview.png", 0);
    workshop.draw("data/good/0.png", 1);
    workshop.draw("data/crack/0.png", 2);
    workshop
        .fit(&[])
        .refused_at_once(&["crack (1", "good (1", "--good-name"]);
    let run = workshop.fit(&[("--good-name", "good")]);
    let told = account(&run);
    assert_eq!(told["pictures_used"], 1);
    assert_eq!(
        (left_out(&told, "stray"), left_out(&told, "other_folder")),
        (1, 1)
    );
    assert!(
        told["remarks"][0]
            .as_str()
            .unwrap()
            .contains("1 different picture"),
        "{told}"
    );
}

/// Twenty pictures ten times each back no more than twenty do.
#[test]
fn copies_back_no_promise() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    if onnx_runtime().is_none() {
        return;
    }
    for seed in 0..20 {
        for copy in 0..10 {
            workshop.draw(&format!("data/{seed:02}_{copy}.png"), seed);
        }
    }
    let run = workshop.fit(&[("--epochs", "1")]);
    let told = account(&run);
    assert_eq!(
        (&told["equal"], &told["nearly_equal"]),
        (&180.into(), &0.into())
    );
    assert_eq!(left_out(&told, "copy_of_held_out"), 18);
    let lines = run.lines();
    let held_out = events(&lines, "held_out")[0];
    assert_eq!(
        (&held_out["training"], &held_out["calibration"]),
        (&180.into(), &2.into())
    );
    let calibration = Bundle::open(&workshop.at("model.cfa"))
        .unwrap()
        .into_parts()
        .manifest
        .calibration;
    assert_eq!((calibration.good_scores.len(), calibration.rule), (2, None));

    let (model, good) = (workshop.text("model.cfa"), workshop.text("more"));
    for seed in 16..20 {
        for copy in 0..5 {
            workshop.draw(&format!("more/{seed}_{copy}.png"), seed);
        }
    }
    let words = ["calibrate", "--json", "--model", &model, "--good", &good];
    let run = Run::finished(&mut program(words));
    assert_eq!(left_out(&account(&run), "copy_of_counted"), 16);
    assert_eq!(run.lines()[0]["good_scores"].as_array().unwrap().len(), 4);
    // The training's own pictures are told.
    let trained = workshop.text("data");
    let words = ["calibrate", "--json", "--model", &model, "--good", &trained];
    let told = account(&Run::finished(&mut program(words)));
    assert!(
        told["remarks"][0].as_str().unwrap().contains("trained on"),
        "{told}"
    );
    let words = ["calibrate", "--json", "--model", &model, "--good", &good];
    let rate = ["--false-reject-rate", "0.05"];
    Run::finished(&mut program(words.iter().chain(&rate)))
        .refused(&["at least 19 good pictures", "has 4"]);
}
