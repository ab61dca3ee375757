//! `cfa-train import` of files that are no CFA models; those that are have their own tests
//! (`anomalib/`).

use std::path::PathBuf;

use crate::workshop::{Run, present, program};

fn import(checkpoint: &str) -> (Run, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("model.cfa");
    let arguments = [
        "import",
        checkpoint,
        "--json",
        "--out",
        bundle.to_str().unwrap(),
    ];
    let run = Run::finished(&mut program(arguments));
    assert!(!bundle.exists());
    (run, bundle)
}

fn fixture(name: &str) -> String {
    let path = present(&format!("tests/trainer/fixtures/{name}")).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn plain_weights_are_no_model() {
    for file in ["plain_zip.pth", "plain_legacy.pth", "nested_zip.pth"] {
        let (run, _bundle) = import(&fixture(file));
        run.refused(&[
            file,
            "no CFA model of anomalib",
            "descriptor.layer.conv2d.weight",
        ]);
    }
}

/// Code in a pickle is neither run nor a reason to stop reading: it is just no model.
#[test]
fn code_in_a_checkpoint_is_not_run() {
    for file in ["hostile_zip.pth", "hostile_legacy.pth"] {
        let (run, _bundle) = import(&fixture(file));
        run.refused(&[file, "no CFA model of anomalib"]);
    }
}

#[test]
fn other_files_and_places_are_refused() {
    let (run, _bundle) = import("missing.ckpt");
    run.refused(&["missing.ckpt", "cannot be opened"]);
    let (run, _bundle) = import(present("README.md").unwrap().to_str().unwrap());
    run.refused(&["README.md", "neither a .safetensors file nor a checkpoint"]);
    let run = Run::finished(&mut program([
        "import",
        &fixture("plain_zip.pth"),
        "--out",
        "missing/model.cfa",
    ]));
    run.refused(&["missing/model.cfa", "--out"]);
}
