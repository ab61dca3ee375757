//! Judging pictures: p-values, thresholds, exit codes.

use std::path::{Path, PathBuf};

use cfa_runtime::Bundle;
use cfa_runtime::bundle::write_bundle;
use cfa_runtime::calibration::Calibration;
use serde_json::Value;

use crate::harness::{Folder, Run, cfa_run, tiny_bundle};

/// The tiny bundle with scores of good parts, and the rule that these allow.
fn calibrated(folder: &Folder, good_scores: Vec<f32>) -> PathBuf {
    let mut parts = Bundle::open(&tiny_bundle()).unwrap().into_parts();
    let mut calibration = Calibration::from_good_scores(good_scores).unwrap();
    calibration.rule = calibration.usual_rule();
    parts.manifest.calibration = calibration;
    let path = folder.at("calibrated.cfa");
    write_bundle(&path, parts).unwrap();
    path
}

fn predict_with(model: &Path, picture: &Path, options: &[&str]) -> Run {
    let fixed = ["predict".as_ref(), "--json".as_ref(), "--model".as_ref()];
    let paths = [model.as_os_str(), picture.as_os_str()];
    cfa_run(
        fixed
            .into_iter()
            .chain(paths)
            .chain(options.iter().map(AsRef::as_ref)),
    )
}

/// The score of a picture under the tiny bundle, which judges nothing.
fn raw_score(picture: &Path) -> f32 {
    let line = &predict_with(&tiny_bundle(), picture, &[]).fine()[0];
    assert_eq!(
        (&line["p_value"], &line["verdict"]),
        (&Value::Null, &Value::Null)
    );
    line["score"].as_f64().unwrap() as f32
}

/// `count` scores from `lowest` on, in steps of `step`.
fn ladder(count: usize, lowest: f32, step: f32) -> Vec<f32> {
    (0..count).map(|i| lowest + step * i as f32).collect()
}

#[test]
fn a_common_score_passes_and_a_rare_one_is_rejected() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 80, 80, 1);
    let score = raw_score(&picture);

    let common = calibrated(&folder, ladder(19, score, 0.1));
    let run = predict_with(&common, &picture, &[]);
    assert_eq!(run.code(), Some(0));
    let line = &run.json_lines()[0];
    assert_eq!(line["p_value"], 1.0);
    assert_eq!(line["verdict"]["decision"], "pass");

    let rare = calibrated(&folder, ladder(19, score * 0.1, score * 0.01));
    let run = predict_with(&rare, &picture, &[]);
    assert_eq!(run.code(), Some(1), "{}", run.stderr());
    let line = &run.json_lines()[0];
    assert_eq!(line["p_value"], 0.05);
    let verdict = &line["verdict"];
    assert_eq!(verdict["decision"], "reject");
    assert_eq!(verdict["basis"]["kind"], "false_reject_rate");
    assert_eq!(verdict["basis"]["rate"], 0.05);
    let number = |name: &str| verdict[name].as_f64().unwrap();
    assert!(number("review_above") < number("reject_above"));
    assert!(number("reject_above") < f64::from(score));
    // Calibration never touches the raw score.
    let after = line["score"].as_f64().unwrap() as f32;
    assert_eq!(after.to_bits(), score.to_bits());
}

#[test]
fn thresholds_of_the_command_line_win_and_are_recorded() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 80, 80, 1);
    let score = raw_score(&picture);
    let model = calibrated(&folder, ladder(19, score * 0.1, score * 0.01));
    let (below, above) = ((score * 0.9).to_string(), (score * 1.1).to_string());

    let run = predict_with(&model, &picture, &["--threshold", &above]);
    assert_eq!(run.code(), Some(0));
    let verdict = &run.json_lines()[0]["verdict"];
    assert_eq!(verdict["decision"], "pass");
    assert_eq!(verdict["basis"]["kind"], "given");

    let review = ["--threshold", &above, "--review-threshold", &below];
    let run = predict_with(&model, &picture, &review);
    assert_eq!(run.code(), Some(0), "review is no rejection");
    assert_eq!(run.json_lines()[0]["verdict"]["decision"], "review");

    // An uncalibrated model takes thresholds as well.
    let run = predict_with(&tiny_bundle(), &picture, &["--threshold", &below]);
    assert_eq!(run.code(), Some(1));
    assert_eq!(run.json_lines()[0]["p_value"], Value::Null);
}

#[test]
fn a_rate_finer_than_the_good_scores_is_refused_before_any_picture() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 80, 80, 1);
    let model = calibrated(&folder, ladder(19, 1.0, 0.1));
    let run = predict_with(&model, &picture, &["--false-reject-rate", "0.01"]);
    run.refused(&["at least 99 good pictures", "has 19", "calibrate"]);
    assert!(run.json_lines().is_empty());
    let both = ["--false-reject-rate", "0.1", "--threshold", "1"];
    predict_with(&model, &picture, &both).refused(&["not both"]);
    let absurd = ["--false-reject-rate", "1.5"];
    predict_with(&model, &picture, &absurd).refused(&["between 0 and 1"]);
}

#[test]
fn an_unreadable_picture_outweighs_a_rejected_one() {
    let folder = Folder::new();
    let picture = folder.draw("in/disc.png", 80, 80, 1);
    folder.write("in/broken.png", b"no picture");
    let threshold = (raw_score(&picture) * 0.5).to_string();
    let run = predict_with(
        &tiny_bundle(),
        &folder.at("in"),
        &["--threshold", &threshold],
    );
    assert_eq!(run.code(), Some(2));
    assert_eq!(run.json_lines().len(), 2);
}

#[test]
fn the_table_and_info_show_the_judgement() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 80, 80, 1);
    let model = calibrated(&folder, ladder(19, 1e3, 0.1));
    let paths = [model.to_str().unwrap(), picture.to_str().unwrap()];
    let run = cfa_run(["predict", "--model", paths[0], paths[1]]);
    let text = run.stdout();
    assert!(
        text.contains("verdict") && text.contains("1.000  pass"),
        "{text}"
    );
    let info = cfa_run(["info", paths[0]]).stdout();
    assert!(info.contains("19 good scores"), "{info}");
    assert!(info.contains("false-reject rate 0.05"), "{info}");
}
