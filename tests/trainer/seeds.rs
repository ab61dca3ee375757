//! `cfa-train fit --seeds`.

use cfa_runtime::Cancellation;
use std::fs;

use cfa_train::error::TrainError;
use cfa_train::fit::fit_seeds;
use cfa_train::interruption::Interrupted;
use serde_json::Value;

use crate::workshop::{KEEP, Observer, Workshop, events, one_thread, onnx_runtime, stripes};

/// Twenty good pictures to train on, and a few to test on.
fn workshop() -> Option<Workshop> {
    onnx_runtime()?;
    let workshop = Workshop::empty()?;
    for seed in 0..20 {
        workshop.draw(&format!("data/train/good/{seed:02}.png"), seed % 18);
    }
    workshop.draw("data/test/good/0.png", 3);
    let mut picture = stripes(4, 80, 80);
    for (x, y) in (30..50).flat_map(|x| (20..40).map(move |y| (x, y))) {
        picture.put_pixel(x, y, image::Rgb([255, 0, 255]));
    }
    workshop.save("data/test/square/0.png", &picture.into());
    Some(workshop)
}

fn files(workshop: &Workshop) -> Vec<String> {
    let entries = fs::read_dir(workshop.at("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("model")).collect();
    names.sort();
    names
}

#[test]
fn the_seed_that_tells_pasted_defects_best_is_kept() {
    let Some(workshop) = workshop() else {
        return;
    };
    let lines = workshop.fit(&[("--epochs", "1"), ("--seeds", "3")]).fine();
    assert_eq!(events(&lines, "seed").len(), 3);
    let held_out = events(&lines, "held_out")[0];
    assert_eq!(
        (&held_out["selection"], &held_out["calibration"]),
        (&2.into(), &2.into())
    );
    let summary = lines.last().unwrap();
    let seeds = summary["seeds"].as_array().unwrap();
    let separation = |seed: &Value| seed["separation"].as_f64().unwrap();
    let best = seeds
        .iter()
        .max_by(|a, b| separation(a).total_cmp(&separation(b)));
    assert_eq!(summary["chosen_seed"], best.unwrap()["seed"]);
    assert_eq!(seeds[0]["test"]["images"], 2);
    let auroc = &summary["figures"][0];
    assert_eq!(auroc["name"], "image_auroc");
    assert!(auroc["mean"].is_f64() && auroc["sd"].is_f64());

    assert_eq!(files(&workshop), ["model.cfa"], "only the chosen one stays");
    let kept = fs::read(workshop.at("model.cfa")).unwrap();
    let again = [("--epochs", "1"), ("--seeds", "3"), KEEP];
    workshop
        .fit(&again)
        .refused_at_once(&["there already", "--force"]);
    let resumed = [&again[..], &[("--resume", "")]].concat();
    let lines = workshop.fit(&resumed).fine();
    assert_eq!(events(&lines, "already_trained").len(), 1);
    assert_eq!(events(&lines, "features").len(), 0);
    assert_eq!(lines.last().unwrap()["chosen_seed"], summary["chosen_seed"]);
    assert!(fs::read(workshop.at("model.cfa")).unwrap() == kept);
    let seed = summary["chosen_seed"].to_string();
    let alone = [
        ("--epochs", "1"),
        ("--seed", &seed),
        ("--selection-split", "0.1"),
    ];
    assert!(
        workshop.bundle(&alone) == kept,
        "the same as when trained alone"
    );
}

#[test]
fn finished_seeds_are_not_trained_again() {
    let Some(workshop) = workshop() else {
        return;
    };
    one_thread();
    let mut request = workshop.request("model.cfa");
    request.settings.epochs = 1;
    request.settings.selection_split = 0.1;
    let mut whole = Observer::default();
    let expected = fit_seeds(&request, 2, &mut whole, &Cancellation::new()).unwrap();
    let expected_bytes = fs::read(&request.bundle).unwrap();
    fs::remove_file(&request.bundle).unwrap();

    // Eight steps a seed: the second is interrupted.
    let mut stopped = Observer::stopping(Some(12));
    let cancellation = stopped.cancellation.clone();
    let error = fit_seeds(&request, 2, &mut stopped, &cancellation).unwrap_err();
    assert!(
        matches!(
            error,
            TrainError::Interrupted(Interrupted::Resumable { .. })
        ),
        "{error}"
    );
    assert_eq!(
        files(&workshop),
        ["model.cfa.seed0", "model.cfa.seed1.checkpoint"]
    );

    request.resume = true;
    let resumed = fit_seeds(&request, 2, &mut Observer::default(), &Cancellation::new()).unwrap();
    assert_eq!(resumed, expected);
    assert!(fs::read(&request.bundle).unwrap() == expected_bytes);
}

#[test]
fn too_few_pictures_to_choose_by_are_refused() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    if onnx_runtime().is_none() {
        return;
    }
    let run = workshop.fit(&[("--epochs", "1"), ("--seeds", "2")]);
    run.refused(&["--seeds", "at least 2", "--selection-split"]);
    workshop
        .fit(&[("--seeds", "1")])
        .refused(&["--seeds", "2..=1000"]);
    workshop
        .fit(&[("--seeds", "2"), ("--seed", "18446744073709551615")])
        .refused_at_once(&["--seed 18446744073709551615", "beyond"]);
}

/// Whatever would end the work after hours ends it before the first training.
#[test]
fn what_must_fail_fails_before_the_first_training() {
    let Some(workshop) = workshop() else {
        return;
    };
    let seeds = [("--epochs", "1"), ("--seeds", "2")];
    let none = [&seeds[..], &[("--selection-split", "0")]].concat();
    workshop
        .fit(&none)
        .refused_at_once(&["0 good pictures are held out"]);
    fs::create_dir(workshop.at("model")).unwrap();
    let folder = workshop.text("model");
    let folder = [&seeds[..], &[("--out", folder.as_str())]].concat();
    workshop.fit(&folder).refused_at_once(&["--out"]);
    workshop.draw("data/test/second/1.png", 2);
    workshop.draw("data/ground_truth/square/0_mask.png", 2);
    workshop.fit(&seeds).refused_at_once(&["mask"]);
}

/// Asserts that a training with two seeds ends before its first features.
#[track_caller]
fn refused_before_the_features(workshop: &Workshop, more: &[(&str, &str)], words: &[&str]) {
    let options = [&[("--epochs", "1"), ("--seeds", "2")], more].concat();
    let run = workshop.fit(&options);
    run.refused(words);
    assert_eq!(events(&run.lines(), "features").len(), 0, "training began");
}

#[test]
fn test_pictures_that_cannot_be_reported_on_are_refused() {
    let Some(workshop) = workshop() else {
        return;
    };
    workshop.draw("data/test/good/1.png", 3);
    let whole = fs::read(workshop.at("data/test/good/1.png")).unwrap();
    workshop.write("data/test/good/1.png", &whole[..whole.len() / 2]);
    refused_before_the_features(&workshop, &[], &["good/1.png"]);
    workshop.write("data/test/good/1.png", &whole);

    let mask = |side| stripes(0, side, side).into();
    workshop.save("data/ground_truth/square/0_mask.png", &mask(70));
    let words = ["0_mask.png is (70, 70) px", "(80, 80)"];
    refused_before_the_features(&workshop, &[], &words);
    workshop.save("data/ground_truth/square/0_mask.png", &mask(80));
    workshop.write("data/ground_truth/square/0_mask.png", b"no mask");
    refused_before_the_features(&workshop, &[], &["0_mask.png"]);
}

/// Nineteen usable pictures hold out one to choose by, twenty would hold out two.
#[test]
fn bad_pictures_do_not_count_as_held_out() {
    let Some(workshop) = workshop() else {
        return;
    };
    workshop.write("data/train/good/07.png", b"no picture");
    let words = ["1 good pictures are held out", "--selection-split"];
    refused_before_the_features(&workshop, &[("--skip-bad", "")], &words);
}
