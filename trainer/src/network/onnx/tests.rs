#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::training_support::onnx::proto::ModelProto;
use prost::Message;

use super::{INPUT, OUTPUT, OnnxError, encode};
use crate::backbone::{Backbone, TapActivation};
use crate::cfa::descriptor::{DescriptorShape, with_descriptor, with_pooling};
use crate::network::{Conv, Graph, Op, Parameters, WeightTensor};
use crate::testing::noise;

/// Three taps of strides 2, 4 and 8, then pooling and descriptor.
fn graph() -> Graph {
    let mut graph = Graph::new();
    let mut x = graph.input(3);
    for (name, inputs, outputs) in [("a", 3, 4), ("b", 4, 5), ("c", 5, 6)] {
        x = graph.conv(x, Conv::new(name, inputs, outputs, 3).stride(2));
        x = graph.batch_norm(x, &format!("{name}_norm"));
        x = graph.apply(Op::Relu6, &[x]);
        graph.output(x);
    }
    with_descriptor(
        &with_pooling(&graph),
        &DescriptorShape::new([4, 5, 6], 2).unwrap(),
    )
    .unwrap()
}

fn parameters(graph: &Graph) -> Parameters {
    let tensor = |(seed, p): (usize, crate::network::Parameter)| {
        let values = noise(seed as u64, p.shape.iter().product());
        let values = values.into_iter().map(f32::abs).collect();
        (
            p.name,
            WeightTensor {
                shape: p.shape,
                values,
            },
        )
    };
    graph
        .parameters()
        .into_iter()
        .enumerate()
        .map(tensor)
        .collect()
}

#[test]
fn encoding_gives_the_same_bytes_again() {
    let graph = graph();
    let encoded = || encode(&graph, &parameters(&graph), (20, 30)).unwrap();
    assert_eq!(encoded(), encoded());
}

#[test]
fn the_model_reads_back() {
    let graph = graph();
    let bytes = encode(&graph, &parameters(&graph), (20, 30)).unwrap();
    let model = ModelProto::decode(bytes.as_slice()).unwrap();
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
    let graph = model.graph.unwrap();
    assert_eq!([graph.input.len(), graph.output.len()], [1, 1]);
    assert_eq!(
        [&graph.input[0].name, &graph.output[0].name],
        [INPUT, OUTPUT]
    );
    let named = |op: &str| graph.node.iter().filter(|n| n.op_type == op).count();
    assert_eq!(
        [
            named("BatchNormalization"),
            named("AveragePool"),
            named("Resize")
        ],
        [0, 3, 2]
    );
}

/// A value that is read was made before, each once.
#[test]
fn every_value_is_made_once_and_before_it_is_read() {
    let graph = graph();
    let bytes = encode(&graph, &parameters(&graph), (20, 30)).unwrap();
    let graph = ModelProto::decode(bytes.as_slice()).unwrap().graph.unwrap();
    let mut known: Vec<_> = graph.initializer.iter().map(|t| t.name.clone()).collect();
    known.push(INPUT.to_owned());
    for node in &graph.node {
        for name in node.input.iter().filter(|name| !name.is_empty()) {
            assert!(
                known.contains(name),
                "{name} is read by {} too early",
                node.name
            );
        }
        for name in &node.output {
            assert!(!known.contains(name), "{name} is made twice");
            known.push(name.clone());
        }
    }
    assert!(known.contains(&OUTPUT.to_owned()));
    for tensor in &graph.initializer {
        let values: i64 = tensor.dims.iter().product();
        let width = if tensor.data_type == 7 { 8 } else { 4 };
        assert_eq!(
            tensor.raw_data.len() as i64,
            values * width,
            "{}",
            tensor.name
        );
    }
}

#[test]
fn a_missing_tensor_is_named() {
    let graph = graph();
    for name in ["a.weight", "b_norm.running_var", "descriptor.bias"] {
        let mut parameters = parameters(&graph);
        parameters.remove(name);
        let error = encode(&graph, &parameters, (20, 30)).unwrap_err();
        assert_eq!(error, OnnxError::MissingParameter(name.to_owned()));
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_loose_normalisation_is_named() {
    let mut graph = Graph::new();
    let picture = graph.input(3);
    let norm = graph.batch_norm(picture, "loose");
    graph.output(norm);
    let error = encode(&graph, &parameters(&graph), (20, 30)).unwrap_err();
    assert_eq!(error, OnnxError::LooseBatchNorm("loose".to_owned()));
}

/// VGG's fifth pooling leaves nothing of a side below 32 px.
#[test]
fn an_input_that_is_too_small_is_refused() {
    let graph = Backbone::Vgg19Bn.graph(TapActivation::Relu);
    assert!(graph.sizes(32, 32).is_some());
    assert!(graph.sizes(32, 31).is_none());
    let mut small = Graph::new();
    let picture = small.input(3);
    let pool = Op::MaxPool {
        kernel: 4,
        stride: 1,
        padding: 0,
    };
    let pooled = small.apply(pool, &[picture]);
    small.output(pooled);
    assert!(encode(&small, &Parameters::new(), (4, 4)).is_ok());
    let error = encode(&small, &Parameters::new(), (4, 3)).unwrap_err();
    assert_eq!(
        error,
        OnnxError::InputTooSmall {
            height: 4,
            width: 3
        }
    );
    assert!(error.to_string().contains("4×3"), "{error}");
}
