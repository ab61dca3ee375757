//! Held-out pictures at `fit`, and `cfa-train calibrate`.

use std::fs;

use cfa_runtime::Cancellation;
use cfa_runtime::bundle::Bundle;
use cfa_runtime::calibration::{Basis, Calibration, Decision};
use cfa_runtime::inspector::{Inspector, InspectorOptions};
use cfa_runtime::picture::Limits;
use cfa_train::calibration::{CalibrateError, CalibrateRequest, RuleChoice, calibrate};
use cfa_train::dataset::{Dataset, GoodSplit};

use crate::workshop::{PICTURES, Run, Workshop, events, onnx_runtime, program, stripes};

/// Twelve pictures in `data`; a quarter of them is held out.
fn calibrated_workshop() -> Option<Workshop> {
    onnx_runtime()?;
    let workshop = Workshop::new()?;
    for seed in PICTURES..12 {
        workshop.draw(&format!("data/{seed}.png"), seed);
    }
    Some(workshop)
}

fn calibration(workshop: &Workshop) -> Calibration {
    let bundle = Bundle::open(&workshop.at("model.cfa")).unwrap();
    bundle.into_parts().manifest.calibration
}

/// Four good pictures that were not trained on, and two with a black square.
fn draw_samples(workshop: &Workshop) {
    for seed in 12..16 {
        workshop.draw(&format!("good/{seed}.png"), seed);
    }
    for seed in 16..18 {
        let mut picture = stripes(seed, 80, 80);
        for (x, y) in (30..60).flat_map(|x| (20..50).map(move |y| (x, y))) {
            picture.put_pixel(x, y, image::Rgb([0; 3]));
        }
        workshop.save(&format!("defective/{seed}.png"), &picture.into());
    }
}

fn run(workshop: &Workshop, options: &[&str]) -> Run {
    let (model, good) = (workshop.text("model.cfa"), workshop.text("good"));
    let fixed = ["calibrate", "--model", &model, "--good", &good, "--json"];
    Run::finished(&mut program(fixed.iter().chain(options)))
}

#[test]
fn held_out_pictures_are_not_trained_on_and_their_scores_are_kept() {
    let Some(workshop) = calibrated_workshop() else {
        return;
    };
    let lines = workshop.fit(&[("--calibration-split", "0.4")]).fine();
    let held_out = events(&lines, "held_out")[0];
    assert_eq!(
        (&held_out["training"], &held_out["calibration"]),
        (&8.into(), &4.into())
    );
    assert_eq!(events(&lines, "verified").len(), 1);

    let data = Dataset::discover(&workshop.at("data")).unwrap();
    let split = GoodSplit::new(&data.train_good, 0.4, 0.0);
    let library = onnx_runtime().unwrap();
    let options = InspectorOptions::default();
    let mut inspector = Inspector::open(&workshop.at("model.cfa"), &library, &options).unwrap();
    let mut scores: Vec<f32> = split
        .calibration
        .iter()
        .map(|path| inspector.inspect_path(path).unwrap().score)
        .collect();
    scores.sort_by(f32::total_cmp);
    let calibration = calibration(&workshop);
    assert_eq!(calibration.good_scores, scores, "the runtime's own scores");
    // Four good pictures allow one in five.
    let rule = calibration.rule.unwrap();
    assert_eq!(rule.basis, Basis::FalseRejectRate { rate: 0.2 });
    assert_eq!(rule.reject_above.to_bits(), scores[3].to_bits());

    let inspection = inspector.inspect_path(&split.training[0]).unwrap();
    assert!(inspection.p_value.unwrap() >= 0.2);
    assert_ne!(inspection.verdict.unwrap().decision, Decision::Reject);
}

#[test]
fn few_pictures_are_all_trained_on() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let lines = workshop.fit(&[]).fine();
    assert_eq!(events(&lines, "held_out")[0]["calibration"], 0);
    assert_eq!(calibration(&workshop), Calibration::default());
}

#[test]
fn calibrate_stores_good_scores_and_the_threshold_asked_for() {
    let Some(workshop) = calibrated_workshop() else {
        return;
    };
    workshop.fit(&[("--epochs", "1")]).fine();
    draw_samples(&workshop);
    let network = Bundle::open(&workshop.at("model.cfa")).unwrap();

    run(&workshop, &[]).fine();
    let usual = calibration(&workshop);
    assert_eq!(usual.good_scores.len(), 4);
    assert_eq!(
        usual.rule.unwrap().basis,
        Basis::FalseRejectRate { rate: 0.2 }
    );
    assert_eq!(usual.f1_max, None);

    let defective = workshop.text("defective");
    let lines = run(&workshop, &["--defective", &defective, "--f1-max"]).fine();
    let best = calibration(&workshop);
    let printed: Calibration = serde_json::from_value(lines[0].clone()).unwrap();
    assert_eq!(printed, best);
    let found = best.f1_max.unwrap();
    assert_eq!((found.good, found.defective), (4, 2));
    assert_eq!(
        found.f1.to_bits(),
        1.0_f64.to_bits(),
        "black squares are told apart"
    );
    let highest_good = best.good_scores[3];
    assert!(
        found.reject_above > highest_good,
        "{found:?}, {highest_good}"
    );
    assert_eq!(best.rule.unwrap().basis, Basis::F1Max);
    assert_eq!(
        best.rule.unwrap().reject_above.to_bits(),
        found.reject_above.to_bits()
    );

    // Nothing but the calibration changed.
    let after = Bundle::open(&workshop.at("model.cfa")).unwrap();
    assert_eq!(after.network_onnx(), network.network_onnx());
    assert_eq!(after.tensors().memory_bank, network.tensors().memory_bank);
}

#[test]
fn what_cannot_be_promised_is_refused_and_the_bundle_stays() {
    let Some(workshop) = calibrated_workshop() else {
        return;
    };
    workshop.fit(&[("--epochs", "1")]).fine();
    draw_samples(&workshop);
    let before = fs::read(workshop.at("model.cfa")).unwrap();
    let rate = ["--false-reject-rate", "0.01"];
    run(&workshop, &rate).refused(&["at least 99 good pictures", "has 4"]);
    run(&workshop, &["--f1-max"]).refused(&["--defective"]);
    fs::create_dir(workshop.at("few")).unwrap();
    fs::copy(workshop.at("good/12.png"), workshop.at("few/12.png")).unwrap();
    let few = [
        "calibrate",
        "--model",
        &workshop.text("model.cfa"),
        "--good",
    ];
    let few = Run::finished(program(few).arg(workshop.at("few")));
    few.refused(&["at least 4 good pictures", "has 1"]);
    workshop.write("good/broken.png", b"no picture");
    run(&workshop, &[]).refused(&["broken.png"]);
    run(&workshop, &["--skip-bad"]).fine();
    fs::write(workshop.at("model.cfa"), &before).unwrap();
    fs::create_dir(workshop.at("empty")).unwrap();
    let missing = ["--defective".to_owned(), workshop.text("empty")];
    let words = missing.iter().map(String::as_str).chain(["--skip-bad"]);
    run(&workshop, &words.collect::<Vec<_>>()).refused(&["empty"]);

    let request = CalibrateRequest {
        bundle: workshop.at("model.cfa"),
        good: vec![workshop.at("good/12.png"), workshop.at("good/13.png")],
        defective: Vec::new(),
        picture_limits: Limits::default(),
        rule: RuleChoice::Usual,
        skip_bad: false,
    };
    let library = onnx_runtime().unwrap();
    let (cancellation, mut seen) = (Cancellation::new(), 0);
    let interrupted = calibrate(&request, &library, &cancellation, &mut || {
        seen += 1;
        if seen == 2 {
            cancellation.cancel();
        }
    });
    assert!(matches!(interrupted, Err(CalibrateError::Interrupted(_))));
    assert!(
        before == fs::read(workshop.at("model.cfa")).unwrap(),
        "the bundle changed"
    );
}

/// No file can be made beside an open file of a process; the pictures are missing, too, but
/// it does not come to them.
#[cfg(target_os = "linux")]
#[test]
fn a_bundle_that_cannot_be_replaced_is_refused_before_the_work() {
    use std::os::fd::AsRawFd;
    let Some(library) = onnx_runtime() else {
        return;
    };
    let tiny = crate::workshop::present("models/tiny/tiny.cfa").unwrap();
    let open = fs::File::open(tiny).unwrap();
    let bundle = format!("/proc/{}/fd/{}", std::process::id(), open.as_raw_fd());
    let request = CalibrateRequest {
        bundle: bundle.clone().into(),
        good: vec!["missing.png".into()],
        defective: Vec::new(),
        picture_limits: Limits::default(),
        rule: RuleChoice::Usual,
        skip_bad: false,
    };
    let error = calibrate(&request, &library, &Cancellation::new(), &mut || ()).unwrap_err();
    assert!(
        matches!(error, CalibrateError::Destination { .. }),
        "{error}"
    );
    assert!(error.to_string().contains(&bundle), "{error}");
}

#[test]
fn exchanged_folders_and_pictures_in_both_are_refused() {
    let Some(workshop) = calibrated_workshop() else {
        return;
    };
    workshop.fit(&[("--epochs", "1")]).fine();
    draw_samples(&workshop);
    let before = fs::read(workshop.at("model.cfa")).unwrap();
    let [model, good, defective] =
        ["model.cfa", "good", "defective"].map(|name| workshop.text(name));
    let calibrate = |good: &str, defective: &str| {
        let words = ["calibrate", "--model", &model, "--good", good];
        let words = words.into_iter().chain(["--defective", defective]);
        Run::finished(&mut program(words))
    };
    calibrate(&defective, &good).refused(&[
        &good,
        &defective,
        "AUROC 0.000",
        "--good",
        "exchanged",
    ]);
    calibrate(&good, &good).refused(&["4 pictures are good and defective ones at once"]);
    fs::copy(
        workshop.at("good/13.png"),
        workshop.at("defective/copy.png"),
    )
    .unwrap();
    calibrate(&good, &defective).refused(&["1 pictures", "13.png", "copy.png"]);
    assert!(before == fs::read(workshop.at("model.cfa")).unwrap());
}

#[test]
fn pictures_that_were_trained_on_are_told() {
    let Some(workshop) = calibrated_workshop() else {
        return;
    };
    workshop.fit(&[("--epochs", "1")]).fine();
    draw_samples(&workshop);
    let fixed = [
        "calibrate",
        "--model",
        &workshop.text("model.cfa"),
        "--good",
    ];
    let with = |folder: &str| Run::finished(program(fixed).arg(workshop.at(folder)).arg("--json"));
    with("good").fine();
    // One of the twelve was held out.
    let run = with("data");
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    let remarks = run.lines()[1]["remarks"].to_string();
    assert!(remarks.contains("trained on 11 of the 12"), "{remarks}");
}

/// A picture that goes away after the check.
#[test]
fn a_picture_that_breaks_in_between_changes_nothing_or_is_left_out() {
    let Some(workshop) = calibrated_workshop() else {
        return;
    };
    workshop.fit(&[("--epochs", "1")]).fine();
    draw_samples(&workshop);
    let before = fs::read(workshop.at("model.cfa")).unwrap();
    let mut request = CalibrateRequest {
        bundle: workshop.at("model.cfa"),
        good: (12..17)
            .map(|n| workshop.at(&format!("good/{n}.png")))
            .collect(),
        defective: Vec::new(),
        picture_limits: Limits::default(),
        rule: RuleChoice::Usual,
        skip_bad: false,
    };
    let library = onnx_runtime().unwrap();
    let error = calibrate(&request, &library, &Cancellation::new(), &mut || ()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("4 pictures were scored") && message.contains("16.png"),
        "{message}"
    );
    assert!(before == fs::read(workshop.at("model.cfa")).unwrap());
    request.skip_bad = true;
    let found = calibrate(&request, &library, &Cancellation::new(), &mut || ()).unwrap();
    assert_eq!(
        (found.calibration.good_scores.len(), found.left_out.len()),
        (4, 1)
    );
}
