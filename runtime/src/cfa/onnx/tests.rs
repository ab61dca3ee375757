#![allow(clippy::unwrap_used, reason = "for tests only")]

use std::path::Path;

use prost::Message;

use super::with_head;
use crate::Model;
use crate::bundle::Bundle;
use crate::onnx::proto::{GraphProto, ModelProto, TensorProto};
use crate::onnx::{decode_network, without_weights};

fn tiny() -> Bundle {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny/tiny.cfa");
    Bundle::open(&path).unwrap()
}

fn tiny_with_head() -> GraphProto {
    let model = Model::from_bundle(tiny()).unwrap();
    let (onnx, _map) = with_head(tiny().network_onnx(), model.head()).unwrap();
    ModelProto::decode(&onnx[..]).unwrap().graph.unwrap()
}

/// The bundle's network was written with messages made from `onnx.proto`.
#[test]
fn a_network_is_read_and_written_byte_for_byte() {
    let bundle = tiny();
    let onnx = bundle.network_onnx();
    let model = decode_network(onnx, 3).unwrap();
    assert!(model.encode_to_vec() == onnx, "the bytes are others");
    assert!(decode_network(onnx, 2).is_err());
}

fn entry<'a>(constant: &'a TensorProto, key: &str) -> Option<&'a str> {
    let mut entries = constant.external_data.iter();
    let entry = entries.find(|entry| entry.key == key);
    entry.map(|entry| entry.value.as_str())
}

/// Every byte of the weights, at the place that the graph names, and nothing else changed.
#[test]
fn weights_in_a_file_of_their_own_are_those_of_the_network() {
    let bundle = tiny();
    let whole = decode_network(bundle.network_onnx(), 3).unwrap();
    let mut weights = Vec::new();
    let onnx = bundle.network_onnx().to_vec().into();
    let graph = without_weights(onnx, &mut weights, "w.bin").unwrap();
    assert!(graph.len() < weights.len());
    let mut outside = 0;
    let mut without = ModelProto::decode(&graph[..]).unwrap();
    for constant in &mut without.graph.as_mut().unwrap().initializer {
        let Some(offset) = entry(constant, "offset") else {
            assert!(!constant.raw_data.is_empty());
            continue;
        };
        let offset: usize = offset.parse().unwrap();
        let length: usize = entry(constant, "length").unwrap().parse().unwrap();
        assert_eq!(entry(constant, "location"), Some("w.bin"));
        assert_eq!((offset % 64, constant.data_location), (0, 1));
        constant.raw_data = weights[offset..offset + length].to_vec().into();
        constant.external_data.clear();
        constant.data_location = 0;
        outside += 1;
    }
    assert!(outside > 3);
    assert!(without == whole, "something else was changed");
}

/// Nodes about shapes, and `Resize` that needs them, are the processor's under CUDA.
#[test]
fn the_head_computes_no_shapes() {
    let graph = tiny_with_head();
    let network = decode_network(tiny().network_onnx(), 3).unwrap();
    let behind = network.graph.unwrap().node.len();
    let mut operators: Vec<_> = graph.node[behind..]
        .iter()
        .map(|node| node.op_type.as_str())
        .collect();
    operators.sort_unstable();
    operators.dedup();
    assert_eq!(
        operators,
        [
            "Add",
            "Concat",
            "Div",
            "Exp",
            "Gather",
            "MatMul",
            "Pad",
            "ReduceSum",
            "ReduceSumSquare",
            "Reshape",
            "Sqrt",
            "Sub",
            "TopK",
            "Unsqueeze"
        ]
    );
}

#[test]
fn every_value_has_one_origin_and_stands_before_its_use() {
    let graph = tiny_with_head();
    let constants = graph.initializer.iter().map(|constant| &constant.name);
    let mut known: Vec<_> = constants.collect();
    known.extend(graph.input.iter().map(|input| &input.name));
    for node in &graph.node {
        for input in &node.input {
            assert!(known.contains(&input), "{input} is not there yet");
        }
        for output in &node.output {
            assert!(!known.contains(&output), "{output} is there twice");
            known.push(output);
        }
    }
    let outputs: Vec<_> = graph.output.iter().map(|output| &output.name).collect();
    assert_eq!(outputs.len(), 1);
    assert!(known.contains(&outputs[0]));
}
