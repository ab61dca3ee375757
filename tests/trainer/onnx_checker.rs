//! ONNX's own checker on the exported file, where Python has it.

use std::process::Command;

use cfa_runtime::Bundle;
use cfa_runtime::preprocess::Size;
use cfa_train::backbone::{Backbone, TapActivation};
use cfa_train::export::onnx::{FullInput, Observation, ReducibleNetwork, encode, encode_full};
use cfa_train::network::{Graph, Parameters};
use ndarray::ArrayD;

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
    let drawn = Backbone::ALL.map(|backbone| (backbone, drawn_network(backbone)));
    let reduced = drawn
        .iter()
        .flat_map(|(backbone, drawn)| reduced(*backbone, drawn));
    let reduced: Vec<_> = reduced.collect();
    let networks = network().into_iter();
    let networks = networks.chain(drawn.into_iter().map(|(_, network)| network));
    let mut command = Command::new(&python);
    command.args(["-c", CHECK]);
    let networks = networks.map(|(graph, parameters)| encode(&graph, &parameters, (100, 76)));
    let networks = networks.map(Result::unwrap);
    for (i, onnx) in networks.chain(whole_models()).chain(reduced).enumerate() {
        let path = folder.path().join(format!("{i}.onnx"));
        std::fs::write(&path, onnx).unwrap();
        command.arg(path);
    }
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
}

/// In 8-bit integers, as if every value lay between −1 and 1, and with 16-bit weights.
fn reduced(backbone: Backbone, (graph, parameters): &(Graph, Parameters)) -> [Vec<u8>; 2] {
    let onnx = encode(graph, parameters, (100, 76)).unwrap();
    let backbone = backbone.graph(TapActivation::LeakyRelu);
    let network = ReducibleNetwork::decode(&onnx, &backbone).unwrap();
    let observed = network.values().map(|name| {
        let mut seen = Observation::new(name);
        let range = ArrayD::from_shape_vec(vec![1, 1, 1, 2], vec![-1.0, 1.0]).unwrap();
        seen.add(&range).unwrap();
        (name.to_owned(), seen)
    });
    let observed = observed.collect();
    [network.int8(&observed).unwrap(), network.fp16().unwrap()]
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
