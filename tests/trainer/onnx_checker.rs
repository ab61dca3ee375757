//! ONNX's own checker on the exported file, where Python has it.

use std::process::Command;

use cfa_train::onnx::encode;

use crate::exported_network::network;

const CHECK: &str = "import sys, onnx; onnx.checker.check_model(sys.argv[1], full_check=True)";

/// `CFA_PYTHON` names another interpreter than `python3`.
#[test]
fn the_checker_accepts_the_file() {
    let python = std::env::var("CFA_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let mut probe = Command::new(&python);
    if !probe
        .args(["-c", "import onnx"])
        .output()
        .is_ok_and(|run| run.status.success())
    {
        eprintln!("skipped: {python} has no module onnx");
        return;
    }
    let Some((graph, parameters)) = network() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for size in [(64, 96), (100, 76)] {
        let path = folder.path().join("network.onnx");
        std::fs::write(&path, encode(&graph, &parameters, size).unwrap()).unwrap();
        let run = Command::new(&python)
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
}
