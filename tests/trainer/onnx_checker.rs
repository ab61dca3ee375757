//! ONNX's own checker on the exported file, where Python has it.

use std::process::Command;

use cfa_train::backbone::Backbone;
use cfa_train::onnx::encode;

use crate::exported_network::{drawn_network, network};

const CHECK: &str = "\
import sys, onnx
for path in sys.argv[1:]: onnx.checker.check_model(path, full_check=True)";

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
    let folder = tempfile::tempdir().unwrap();
    let networks = network().into_iter();
    let networks = networks.chain(Backbone::ALL.map(drawn_network));
    let mut command = Command::new(&python);
    command.args(["-c", CHECK]);
    for (i, (graph, parameters)) in networks.enumerate() {
        let path = folder.path().join(format!("{i}.onnx"));
        std::fs::write(&path, encode(&graph, &parameters, (100, 76)).unwrap()).unwrap();
        command.arg(path);
    }
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}
