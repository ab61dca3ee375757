//! ONNX's own checker on the exported file, where Python has it.

use std::process::Command;

use cfa_runtime::Bundle;
use cfa_runtime::preprocess::Size;
use cfa_train::onnx::{FullInput, encode, encode_full};

use crate::exported_network::network;
use crate::workshop::present;

const CHECK: &str = "import sys, onnx; onnx.checker.check_model(sys.argv[1], full_check=True)";

/// `CFA_PYTHON` names another interpreter than `python3`.
fn python_with_onnx() -> Option<String> {
    let python = std::env::var("CFA_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let mut probe = Command::new(&python);
    if !probe
        .args(["-c", "import onnx"])
        .output()
        .is_ok_and(|run| run.status.success())
    {
        eprintln!("skipped: {python} has no module onnx");
        return None;
    }
    Some(python)
}

#[track_caller]
fn accepted(python: &str, onnx: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.onnx");
    std::fs::write(&path, onnx).unwrap();
    let run = Command::new(python)
        .args(["-c", CHECK])
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
}

#[test]
fn the_checker_accepts_the_file() {
    let (Some(python), Some((graph, parameters))) = (python_with_onnx(), network()) else {
        return;
    };
    for size in [(64, 96), (100, 76)] {
        accepted(&python, &encode(&graph, &parameters, size).unwrap());
    }
}

#[test]
fn the_checker_accepts_whole_models() {
    let (Some(python), Some(bundle)) = (python_with_onnx(), present("models/tiny/tiny.cfa")) else {
        return;
    };
    let bundle = Bundle::open(&bundle).unwrap();
    let size = |height, width| FullInput::Fixed(Size { height, width });
    for input in [FullInput::Any, size(72, 72), size(40, 100)] {
        accepted(&python, &encode_full(&bundle, input).unwrap());
    }
}
