//! `cfa-run predict` where all is well.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Folder, Run, cfa_run, predict, program, tiny_bundle};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn json_lines_have_the_documented_keys() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 90, 70, 1);
    let lines = predict([picture.to_str().unwrap(), "--json"]).fine();
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(
        keys(line),
        [
            "batch",
            "damage",
            "head",
            "map",
            "milliseconds",
            "p_value",
            "path",
            "peak",
            "picture",
            "precision",
            "provider",
            "saved",
            "score",
            "verdict",
            "warnings"
        ]
    );
    assert_eq!(
        keys(&line["map"]),
        ["height", "max", "mean", "min", "width"]
    );
    assert_eq!(
        keys(&line["milliseconds"]),
        [
            "decode",
            "map",
            "neighbors",
            "network",
            "preprocess",
            "total"
        ]
    );
    assert_eq!(line["path"], picture.to_str().unwrap());
    assert_eq!(
        (&line["picture"]["width"], &line["picture"]["height"]),
        (&90.into(), &70.into())
    );
    assert_eq!(
        (&line["provider"], &line["precision"]),
        (&"cpu".into(), &"f32".into())
    );
    assert_eq!(line["score"], line["map"]["max"]);
    assert!(line["score"].as_f64().unwrap() > 0.0);
    let (x, y) = (
        line["peak"]["x"].as_f64().unwrap(),
        line["peak"]["y"].as_f64().unwrap(),
    );
    assert!(
        (-0.5..89.5).contains(&x) && (-0.5..69.5).contains(&y),
        "{x} {y}"
    );
    let stages = line["milliseconds"].as_object().unwrap();
    let sum: f64 = stages
        .iter()
        .filter(|(name, _)| *name != "total")
        .map(|(_, ms)| ms.as_f64().unwrap())
        .sum();
    // Each is rounded to a microsecond.
    assert!((sum - stages["total"].as_f64().unwrap()).abs() < 5e-3);
}

#[test]
fn a_table_names_every_picture_of_a_folder_in_order() {
    let folder = Folder::new();
    for (seed, name) in [(3, "in/b.png"), (4, "in/a/z.bmp"), (5, "in/c.jpg")] {
        folder.draw(name, 64, 64, seed);
    }
    let run = predict([folder.at("in")]);
    assert_eq!(run.code(), Some(0));
    let warning = run.stderr();
    assert!(
        warning.contains("no thresholds") && warning.lines().count() == 1,
        "{warning}"
    );
    let text = run.stdout();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("path") && lines[0].contains("score"));
    for (line, name) in lines[1..]
        .iter()
        .zip(["in/a/z.bmp", "in/b.png", "in/c.jpg"])
    {
        assert!(line.contains(name), "{text}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 200, 150, 2);
    let with = |threads: &str| {
        let out = folder.at(threads);
        predict([
            picture.as_os_str(),
            "--json".as_ref(),
            "--threads".as_ref(),
            threads.as_ref(),
            "--save".as_ref(),
            "tiff".as_ref(),
            "--out".as_ref(),
            out.as_os_str(),
        ])
        .fine();
        std::fs::read(out.join("disc.tiff")).unwrap()
    };
    assert_eq!(with("1"), with("4"));
}

#[test]
fn impossible_options_are_refused() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let with =
        |options: &[&str]| predict(options.iter().copied().chain([picture.to_str().unwrap()]));
    with(&["--threads", "0"]).refused(&["--threads", "0 is not in 1"]);
    with(&["--provider", "abacus"]).refused(&["abacus", "cpu"]);
    with(&["--save", "tiff"]).refused(&["--out"]);
    with(&["--save", "hologram", "--out", "."]).refused(&["hologram", "heatmap"]);
    with(&["--heatmap-max", "-1e30"]).refused(&["--heatmap-max"]);
    with(&["--heatmap-max", "NaN"]).refused(&["--heatmap-max"]);
    cfa_run(["predict", "--model", tiny_bundle().to_str().unwrap()]).refused(&["PATH"]);
}

#[test]
fn a_missing_library_is_explained_with_the_way_to_get_it() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let words = [
        "/no/such/libonnxruntime.so",
        "cargo xtask setup --runtime",
        "ORT_DYLIB_PATH",
    ];
    predict([
        "--onnxruntime",
        "/no/such/libonnxruntime.so",
        picture.to_str().unwrap(),
    ])
    .refused(&words);
    let mut command = program();
    command.env("ORT_DYLIB_PATH", "/no/such/libonnxruntime.so");
    command.arg("verify").arg(tiny_bundle());
    crate::harness::Run::finished(&mut command).refused(&words);
}

/// As in `cfa-run predict … | head -1`: the code is that of the pictures until then.
#[test]
fn a_reader_that_leaves_early_is_no_error_and_hides_no_reject() {
    let folder = Folder::new();
    for number in 0..8 {
        folder.draw(&format!("{number}.png"), 64, 64, number);
    }
    for (threshold, code) in [("1000", 0), ("0", 1)] {
        let mut command = program();
        command.args(["predict", "--json", "--threshold", threshold, "--model"]);
        let run = Run::unread(command.arg(tiny_bundle()).arg(folder.at("")));
        assert_eq!((run.code(), run.stderr().as_str()), (Some(code), ""));
    }
}

/// A reader that is gone is noticed at the next result, not at the next path.
#[test]
fn a_reader_that_leaves_ends_a_program_that_waits_for_paths() {
    let folder = Folder::new();
    let picture = folder.draw("disc.png", 64, 64, 1);
    let mut child = program()
        .args(["predict", "--json", "--model"])
        .arg(tiny_bundle())
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut paths = child.stdin.take().unwrap();
    writeln!(paths, "{}", picture.display()).unwrap();
    // Standard input stays open.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(paths);
}
