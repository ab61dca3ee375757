//! `cfa-run bench`.

use crate::harness::{Folder, Run, program, tiny_bundle};

fn bench(options: &[&str]) -> Run {
    let mut command = program();
    Run::finished(
        command
            .args(["bench", "--model"])
            .arg(tiny_bundle())
            .args(options),
    )
}

#[test]
fn a_bundle_is_measured_with_its_own_pictures() {
    let lines = bench(&["--json", "--rounds", "3", "--threads", "2"]).fine();
    let [report] = &lines[..] else {
        panic!("{lines:?}")
    };
    for (key, value) in [("pictures", 2), ("rounds", 3), ("threads", 2)] {
        assert_eq!(report[key], value);
    }
    assert_eq!(report["provider"], "cpu");
    assert_eq!(report["recorded"], true);
    let number = |key: &str| report.pointer(key).unwrap().as_f64().unwrap();
    let stages = ["decode", "preprocess", "network", "neighbors", "map"];
    for stage in stages.into_iter().chain(["total"]) {
        let [p50, p95, p99] =
            ["p50", "p95", "p99"].map(|p| number(&format!("/milliseconds/{stage}/{p}")));
        assert!(0.0 < p50 && p50 <= p95 && p95 <= p99, "{stage}: {report}");
    }
    let slowest = number("/milliseconds/total/p99");
    assert!(
        stages
            .iter()
            .all(|stage| number(&format!("/milliseconds/{stage}/p50")) < slowest)
    );
    for way in ["one_by_one", "overlapped"] {
        assert!(number(&format!("/pictures_per_second/{way}")) > 1e3 / (10.0 * slowest));
        if cfg!(target_os = "linux") {
            // ONNX Runtime alone is larger.
            assert!(number(&format!("/peak_memory_bytes/{way}")) > 10e6);
        }
    }
    let opening =
        ["library", "model", "network"].map(|part| number(&format!("/opening_ms/{part}")));
    let sum: f64 = opening.iter().sum();
    assert!((sum - number("/opening_ms/total")).abs() < 1e-6);
}

#[test]
fn own_pictures_are_measured_and_told_as_text() {
    let folder = Folder::new();
    folder.draw("in/1.png", 64, 64, 1);
    folder.draw("in/2.jpg", 96, 64, 2);
    let run = bench(&["--pictures", folder.at("in").to_str().unwrap()]);
    assert_eq!((run.code(), run.stderr().as_str()), (Some(0), ""));
    let text = run.stdout();
    for part in [
        "tiny random network",
        "computed by  cpu",
        "2, 50 rounds: 100 inspections",
        "one by one",
        "overlapped",
        "peak memory",
        "p50      p95      p99",
        "neighbours",
        "whole",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

/// What is measured is told as it is with `predict`.
#[test]
fn another_provider_and_a_useless_cache_are_told() {
    let folder = Folder::new();
    let file = folder.write("in_the_way", b"");
    let run = bench(&[
        "--json",
        "--rounds",
        "1",
        "--provider",
        "cuda",
        "--allow-fallback",
        "--cache",
        file.to_str().unwrap(),
    ]);
    assert_eq!(run.code(), Some(0));
    let said = run.stderr();
    for words in ["cpu computes in place of cuda", "in_the_way"] {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let folder = Folder::new();
    let broken = folder.write("broken.png", b"no picture");
    bench(&["--pictures", broken.to_str().unwrap()]).refused(&["broken.png"]);
    bench(&["--pictures", "/no/such/file.png"]).refused(&["/no/such/file.png", "no such file"]);
    bench(&["--pictures", "-"]).refused(&["standard input"]);
    bench(&["--rounds", "0"]).refused(&["--rounds"]);
}
