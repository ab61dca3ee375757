//! ONNX's own checker on the exported file, where Python has it.

use std::process::Command;

use cfa_runtime::Bundle;
use cfa_runtime::preprocess::Size;
use cfa_train::backbone::Backbone;
use cfa_train::onnx::{FullInput, encode, encode_full};

use crate::exported_network::{drawn_network, network};
use crate::workshop::present;

const CHECK: &str = "\
import sys, onnx
for path in sys.argv[1:]: onnx.checker.check_model(path, full_check=True)";

/// `CFA_PYTHON` names another interpreter than `python3`.
#[test]
fn the_checker_accepts_the_files() {
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
    let networks = networks.map(|(graph, parameters)| encode(&graph, &parameters, (100, 76)));
    let networks = networks.map(Result::unwrap);
    for (i, onnx) in networks.chain(whole_models()).enumerate() {
        let path = folder.path().join(format!("{i}.onnx"));
        std::fs::write(&path, onnx).unwrap();
        command.arg(path);
    }
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}

/// The tiny bundle as one file, for pictures of any size and of one.
fn whole_models() -> impl Iterator<Item = Vec<u8>> {
    let bundle = Bundle::open(&present("models/tiny/tiny.cfa").unwrap()).unwrap();
    let size = |height, width| FullInput::Fixed(Size { height, width });
    let inputs = [FullInput::Any, size(72, 72), size(40, 100)];
    inputs
        .map(|input| encode_full(&bundle, input).unwrap())
        .into_iter()
}
