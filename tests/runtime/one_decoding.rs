//! Score and overlay come from one decoding of the picture.

use std::path::Path;
use std::sync::Arc;

use cfa_runtime::picture::{Picture, ReadOptions};
use cfa_runtime::{Inspector, InspectorOptions};

use crate::harness::{Folder, onnx_runtime, predict, tiny_bundle};

fn inspector(keep_pictures: bool) -> Inspector {
    let options = InspectorOptions {
        threads: Some(2),
        keep_pictures,
        ..InspectorOptions::default()
    };
    Inspector::open(&tiny_bundle(), &onnx_runtime(), &options).unwrap()
}

fn kept(inspection: &cfa_runtime::Inspection) -> Option<&Picture> {
    inspection.picture.as_ref().map(Arc::as_ref)
}

#[test]
fn an_inspection_holds_its_picture_when_asked() {
    let folder = Folder::new();
    let paths: Vec<_> = (0..5)
        .map(|seed| folder.draw(&format!("{seed}.png"), 80, 60, seed))
        .collect();
    let expected = |path: &Path| Picture::open(path, &ReadOptions::default()).unwrap();
    let mut keeping = inspector(true);
    for path in &paths {
        let inspection = keeping.inspect_path(path).unwrap();
        assert_eq!(kept(&inspection), Some(&expected(path)));
        let bytes = std::fs::read(path).unwrap();
        let inspection = keeping.inspect_bytes(&bytes).unwrap();
        assert_eq!(kept(&inspection), Some(&expected(path)));
    }
    for (path, inspection) in keeping.inspect_each(paths.clone()).unwrap() {
        assert_eq!(kept(&inspection.unwrap()), Some(&expected(&path)));
    }
    for (_path, inspection) in inspector(false).inspect_each(paths).unwrap() {
        assert_eq!(kept(&inspection.unwrap()), None);
    }
}

/// From a pipe a picture can be read once only.
#[cfg(unix)]
#[test]
fn a_picture_from_a_pipe_has_score_and_overlay() {
    use std::process::Command;

    let folder = Folder::new();
    let picture = folder.draw("disc.png", 90, 70, 1);
    let pipe = folder.at("pipe.png");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let bytes = std::fs::read(&picture).unwrap();
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, bytes)
    });
    let out = folder.at("out");
    let save = |picture: &Path| {
        let options = ["--json", "--save=overlay", "--heatmap-max=1e30", "--out"];
        let options = options.map(std::ffi::OsStr::new).into_iter();
        predict(options.chain([out.as_os_str(), picture.as_os_str()])).fine()
    };
    let line = &save(&pipe)[0];
    writer.join().unwrap().unwrap();
    assert_eq!(line["score"], save(&picture)[0]["score"]);
    let overlay = image::open(line["saved"]["overlay"].as_str().unwrap()).unwrap();
    // The darkest colour covers nothing.
    assert_eq!(overlay.to_rgb8(), crate::harness::drawing(90, 70, 1));
}

/// As a camera does that writes every frame to the same file.
#[test]
fn a_picture_that_is_removed_after_it_was_read_keeps_its_overlay() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;

    let folder = Folder::new();
    let out = folder.at("out");
    let mut child = crate::harness::program()
        .args([
            "predict",
            "--json",
            "--save=overlay",
            "--heatmap-max=1e30",
            "--model",
        ])
        .arg(tiny_bundle())
        .arg("--out")
        .arg(&out)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut paths = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for number in 0..20_u32 {
        let shown = number % 3;
        let picture = folder.draw(&format!("{number}.png"), 64, 64, shown);
        let next = folder.draw(&format!("next/{number}.png"), 64, 64, 50);
        writeln!(paths, "{}", picture.display()).unwrap();
        std::thread::sleep(std::time::Duration::from_micros(300 * u64::from(number)));
        std::fs::rename(next, picture).unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let overlay = image::open(line["saved"]["overlay"].as_str().unwrap()).unwrap();
        let inspected = folder.at("inspected.png");
        overlay.save(&inspected).unwrap();
        let score =
            |path: &Path| predict([path.to_str().unwrap(), "--json"]).fine()[0]["score"].clone();
        assert_eq!(score(&inspected), line["score"], "picture {number}");
    }
    drop(paths);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
