//! The examples, in C, C++ and Python: the same numbers as `cfa-run predict`, bit for bit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cfa_runtime::Bundle;
use cfa_runtime::bundle::write_bundle;
use cfa_runtime::calibration::Calibration;
use image::{ImageFormat, Rgb, RgbImage};

use crate::workbench::{
    Workbench, bundle, cfa_run, command, example, has, libraries, onnxruntime, root, run, source,
    succeeds,
};

fn drawing() -> RgbImage {
    RgbImage::from_fn(111, 95, |x, y| {
        let inside = x.abs_diff(40).pow(2) + y.abs_diff(47).pow(2) < 500;
        let shade = (x + y) as u8;
        if inside {
            Rgb([220, 90, shade])
        } else {
            Rgb([shade, shade / 2, 70])
        }
    })
}

/// A drawn PNG file.
pub(crate) fn picture(bench: &Workbench) -> PathBuf {
    let path = bench.at("picture.png");
    drawing().save(&path).unwrap();
    path
}

/// `score` and `peak` as the examples print them, from `cfa-run predict --json`.
struct Expected {
    score: String,
    peak: String,
}

/// One line of `cfa-run predict --json`; a rejected picture is a result, too.
fn predicted(bundle: &Path, picture: &Path, more: &[&str]) -> serde_json::Value {
    let mut predict = Command::new(cfa_run());
    predict
        .args(["predict", "--json", "--no-cache", "--model"])
        .arg(bundle);
    predict
        .arg("--onnxruntime")
        .arg(onnxruntime())
        .arg(picture)
        .args(more);
    let output = run(&mut predict);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn expected(picture: &Path, more: &[&str]) -> Expected {
    let line = predicted(&bundle(), picture, more);
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    // Rust writes the shortest text that reads back to the same bits, C seventeen or nine
    // digits, which do too.
    Expected {
        score: format!("{:?}", number(&line["score"]) as f32),
        peak: format!(
            "{:?} {:?}",
            number(&line["peak"]["x"]),
            number(&line["peak"]["y"])
        ),
    }
}

/// The committed bundle, told the scores of good parts around the drawing's score.
fn calibrated(bench: &Workbench) -> PathBuf {
    let score = predicted(&bundle(), &picture(bench), &[])["score"]
        .as_f64()
        .unwrap() as f32;
    let scores = (0..100).map(|i| score * (0.5 + i as f32 / 100.0)).collect();
    let mut calibration = Calibration::from_good_scores(scores).unwrap();
    calibration.rule = calibration.usual_rule();
    let mut parts = Bundle::open(&bundle()).unwrap().into_parts();
    parts.manifest.calibration = calibration;
    let path = bench.at("calibrated.cfa");
    write_bundle(&path, parts).unwrap();
    path
}

/// The word after `name` in what an example printed.
fn word<'a>(said: &'a str, name: &str) -> &'a str {
    let mut lines = said.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(key, _)| *key == name).unwrap().1
}

#[test]
fn decisions_and_p_values_are_those_of_cfa_run() {
    let bench = Workbench::new();
    let (picture, calibrated) = (picture(&bench), calibrated(&bench));
    let program = bench.program("gcc", &["-std=c11"], &source("judge.c"));
    let options: [&[&str]; 6] = [
        &[],
        &["threshold=0"],
        &["threshold=1000"],
        &["threshold=1000", "review_threshold=0"],
        &["false_reject_rate=0.9"],
        &["false_reject_rate=0.02", "review_rate=0.8"],
    ];
    let mut met = BTreeSet::new();
    for options in options {
        let mut judge = command(
            &program,
            [onnxruntime(), calibrated.clone(), picture.clone()],
        );
        let said = succeeds(judge.args(options));
        let flags: Vec<String> = options
            .iter()
            .map(|option| format!("--{}", option.replace('_', "-")))
            .collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let line = predicted(&calibrated, &picture, &flags);
        assert_eq!(
            line["verdict"]["decision"],
            word(&said, "decision"),
            "{options:?}"
        );
        let p_value: f64 = word(&said, "p_value").parse().unwrap();
        assert_eq!(
            line["p_value"].as_f64().unwrap().to_bits(),
            p_value.to_bits()
        );
        met.insert(word(&said, "decision").to_owned());
    }
    assert_eq!(met.len(), 3, "{met:?}");
    let plain = succeeds(&mut command(
        &program,
        [onnxruntime(), bundle(), picture.clone()],
    ));
    assert_eq!(
        (word(&plain, "decision"), word(&plain, "p_value")),
        ("none", "-1")
    );
}

#[test]
fn thresholds_that_cannot_be_are_refused_when_the_session_is_made() {
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=c11"], &source("judge.c"));
    for options in [
        &["false_reject_rate=0.01"][..],
        &["threshold=1", "false_reject_rate=0.1"],
        &["review_threshold=1"],
        &["threshold=nan"],
        &["threshold=1", "review_threshold=2"],
    ] {
        let mut judge = command(&program, [onnxruntime(), bundle(), picture(&bench)]);
        let output = run(judge.args(options));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("error 101: "), "{options:?}: {said}");
    }
}

#[test]
fn a_damaged_picture_is_refused_or_accepted_and_marked() {
    let bench = Workbench::new();
    let program = bench.program("gcc", &["-std=c11"], &source("damaged.c"));
    damaged_pictures(&program, onnxruntime());
}

/// What `damaged.c` prints; it must not print anything else.
pub(crate) fn damaged_pictures(program: &Path, runtime: PathBuf) -> String {
    let folder = tempfile::tempdir().unwrap();
    let panicking = folder.path().join("panicking");
    std::fs::write(&panicking, "CFA: the decoder of this file panics").unwrap();
    let damaged = root().join("tests/pictures/jpeg_damaged/hole_64.jpg");
    let output = run(&mut command(
        program,
        [runtime, bundle(), damaged, panicking],
    ));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that every line with a score or peak is the expected one to the last bit.
#[track_caller]
fn assert_same_bits(said: &str, expected: &Expected) {
    let mut scores = 0;
    for line in said.lines() {
        let (name, values) = line.split_once(' ').unwrap();
        match name {
            "score" => {
                scores += 1;
                assert_eq!(
                    format!("{:?}", values.parse::<f32>().unwrap()),
                    expected.score
                );
            }
            "peak" => {
                let values: Vec<f64> = values.split(' ').map(|v| v.parse().unwrap()).collect();
                assert_eq!(format!("{:?} {:?}", values[0], values[1]), expected.peak);
            }
            _ => {}
        }
    }
    assert!(scores > 0, "{said}");
}

#[test]
fn the_c_example_gives_score_and_heat_map_of_cfa_run() {
    let bench = Workbench::new();
    let picture = picture(&bench);
    let results = bench.at("results");
    let saving = ["--save", "heatmap", "--out", results.to_str().unwrap()];
    let expected = expected(&picture, &saving);
    let program = bench.program("gcc", &["-std=c11", "-O1"], &example("c/inspect.c"));
    let heatmap = bench.at("heatmap.ppm");
    let arguments = [onnxruntime(), bundle(), picture, heatmap.clone()];
    assert_same_bits(&succeeds(&mut command(&program, arguments)), &expected);

    let written = image::open(&heatmap).ok();
    let ours = written.map_or_else(|| read_ppm(&heatmap), |image| image.to_rgb8());
    let saved = std::fs::read_dir(&results)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert_eq!(ours, image::open(saved).unwrap().to_rgb8());
}

/// The `image` crate is built without this format.
fn read_ppm(path: &PathBuf) -> RgbImage {
    let bytes = std::fs::read(path).unwrap();
    let header = b"P6\n111 95\n255\n";
    assert_eq!(&bytes[..header.len()], header);
    RgbImage::from_raw(111, 95, bytes[header.len()..].to_vec()).unwrap()
}

#[test]
fn the_cameras_four_threads_share_a_model_and_agree() {
    let bench = Workbench::new();
    let expected = expected(&picture(&bench), &[]);
    let mut frame = b"P6\n111 95\n255\n".to_vec();
    frame.extend(drawing().into_raw());
    std::fs::write(bench.at("frame.ppm"), frame).unwrap();
    let program = bench.program("gcc", &["-std=gnu11", "-O1"], &example("c/camera.c"));
    let mut camera = command(&program, [onnxruntime(), bundle(), bench.at("frame.ppm")]);
    let said = succeeds(camera.arg("40"));
    assert_same_bits(&said, &expected);
}

#[test]
fn the_cpp_wrapper_gives_the_same_numbers() {
    let bench = Workbench::new();
    let picture = picture(&bench);
    for compiler in ["g++", "clang++"] {
        if !has(compiler, "--version") {
            continue;
        }
        let program = bench.program(
            compiler,
            &["-std=c++17", "-O1"],
            &example("cpp/inspect.cpp"),
        );
        let arguments = [onnxruntime(), bundle(), picture.clone()];
        let said = succeeds(&mut command(&program, arguments));
        assert_same_bits(&said, &expected(&picture, &[]));
    }
    if has("g++", "--version") {
        let wrapper = crate::workbench::source("wrapper.cpp");
        let program = bench.program("g++", &["-std=c++17"], &wrapper);
        succeeds(&mut command(&program, [onnxruntime(), bundle()]));
    }
}

#[test]
fn python_gives_the_same_numbers() {
    if !has("python3", "--version") {
        return;
    }
    let bench = Workbench::new();
    let picture = picture(&bench);
    let mut python = Command::new("python3");
    python.arg(example("python/inspect_picture.py"));
    python
        .arg(libraries().join("libcfa.so.1"))
        .arg(onnxruntime());
    let said = succeeds(python.arg(bundle()).arg(&picture));
    assert_same_bits(&said, &expected(&picture, &[]));
}

#[test]
fn other_languages_are_tried_where_they_are_installed() {
    let bench = Workbench::new();
    let picture = picture(&bench);
    if has("go", "version") {
        crate::workbench::skipped("there is no Go sample yet");
    }
    if has("mcs", "--version") && has("mono", "--version") {
        let program = bench.at("inspect.exe");
        let mut compile = Command::new("mcs");
        compile
            .arg(example("csharp/Inspect.cs"))
            .arg(format!("-out:{}", program.display()));
        succeeds(&mut compile);
        let mut mono = Command::new("mono");
        mono.arg(program)
            .arg(onnxruntime())
            .arg(bundle())
            .arg(&picture);
        let said = succeeds(mono.env("LD_LIBRARY_PATH", libraries()));
        assert_same_bits(&said, &expected(&picture, &[]));
    }
}

#[test]
fn a_png_is_what_the_examples_read() {
    let bench = Workbench::new();
    let bytes = std::fs::read(picture(&bench)).unwrap();
    assert_eq!(image::guess_format(&bytes).unwrap(), ImageFormat::Png);
}
