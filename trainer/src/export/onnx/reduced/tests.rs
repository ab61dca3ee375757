#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use cfa_runtime::training_support::onnx::proto::{GraphProto, ModelProto, NodeProto};
use half::f16;
use ndarray::{ArrayD, IxDyn};
use prost::Message;

use super::super::{INPUT, encode};
use super::channel_weights::Layer;
use super::constants::constant;
use super::{Affine, ChannelWeights, Observation, ReduceError, ReducibleNetwork};
use crate::backbone::weights::WeightTensor;
use crate::cfa::descriptor::{DescriptorShape, with_descriptor, with_pooling};
use crate::network::{Conv, Graph, Op, Parameters};
use crate::testing::noise;

#[test]
fn integers_cover_the_range_and_zero() {
    for (low, high) in [
        (0.0, 3.0),
        (-1.0, 2.0),
        (-4.0, -1.0),
        (0.5, 0.7),
        (0.0, 1e-18),
    ] {
        let integers = Affine::covering(low, high);
        assert_eq!(integers.nearest(0.0).1.to_bits(), 0.0_f32.to_bits());
        for value in [low, high, 0.3 * low + 0.7 * high] {
            // Half a step, and half a step more where 0 moved to a whole one.
            let error = (integers.nearest(value).1 - value).abs();
            assert!(
                error <= 1.001 * integers.scale,
                "{low}…{high}: {value}, {error}"
            );
        }
        let steps = f32::from(integers.zero_point) * integers.scale;
        assert!((steps + low.min(0.0)).abs() <= 0.501 * integers.scale);
    }
}

/// What is always 0 has a range without width, and a scale of 0 would divide by it.
#[test]
fn a_value_without_a_range_has_a_scale() {
    for (low, high) in [(0.0, 0.0), (0.0, 1e-30), (-1e-42, 1e-42)] {
        let integers = Affine::covering(low, high);
        assert_eq!(
            (integers.scale.to_bits(), integers.zero_point),
            (1.0_f32.to_bits(), 0)
        );
    }
    let largest = Affine::covering(-f32::MAX, f32::MAX);
    assert!(largest.scale.is_finite() && largest.scale > 0.0);
    let mut dead = Observation::new("dead");
    dead.add(&ArrayD::zeros(IxDyn(&[1, 2, 3, 3]))).unwrap();
    assert_eq!(dead.integers(), Affine::covering(0.0, 0.0));
}

fn layer<'a>(weight: &'a [f32], bias: &'a [f32], means: &'a [f64]) -> Layer<'a> {
    Layer {
        weight,
        bias,
        kernel: 2,
        groups: 1,
        input_means: means,
        input_scale: 0.02,
    }
}

/// Three output channels of very different size, two input channels, two weights each.
const WEIGHT: [f32; 12] = [
    1.0, -0.3, 0.2, 0.7, 1e-3, 2e-3, -4e-3, 1e-4, 90.0, -127.0, 3.0, 0.4,
];

/// Every channel has steps of its own: one scale for all would round the second to 0.
#[test]
fn each_output_channel_has_its_own_scale() {
    let found = ChannelWeights::quantised(&layer(&WEIGHT, &[0.0; 3], &[0.0; 2]));
    let expected = [1.0 / 127.0, 4e-3 / 127.0, 1.0];
    assert_eq!(found.scales, expected);
    for (i, (&weight, &value)) in WEIGHT.iter().zip(&found.values).enumerate() {
        let scale = found.scales[i / 4];
        let restored = f32::from(value) * scale;
        assert!((restored - weight).abs() <= 0.501 * scale, "weight {i}");
        // The integer of what an integer stands for is that integer again.
        assert_eq!((restored / scale).round_ties_even() as i8, value);
    }
    assert_eq!(
        [found.values[0], found.values[6], found.values[9]],
        [127, -127, -127]
    );
}

/// For an input that is its mean everywhere, the sum is that of the f32 layer up to the
/// rounding of the bias itself.
#[test]
fn the_bias_takes_back_the_shift_of_rounding() {
    let (bias, means) = ([0.5, -1.0, 20.0], [0.9, 0.1]);
    let found = ChannelWeights::quantised(&layer(&WEIGHT, &bias, &means));
    for (output, &plain) in bias.iter().enumerate() {
        let sum = |weight: &dyn Fn(usize) -> f64| -> f64 {
            (0..4).map(|i| weight(4 * output + i) * means[i / 2]).sum()
        };
        let exact = sum(&|i| f64::from(WEIGHT[i])) + f64::from(plain);
        let scale = f64::from(found.scales[output]);
        let unit = f64::from(found.bias_scales[output]);
        let ours =
            sum(&|i| scale * f64::from(found.values[i])) + unit * f64::from(found.bias[output]);
        assert!(
            (ours - exact).abs() <= 0.51 * unit,
            "{output}: {ours}, {exact}"
        );
    }
    let uncorrected = ChannelWeights::quantised(&layer(&WEIGHT, &bias, &[0.0; 2]));
    assert_ne!(found.bias, uncorrected.bias);
}

/// In a depthwise layer each output channel reads one input channel, its own.
#[test]
fn groups_read_their_own_channels() {
    let weight = [0.3, 0.7, 0.3, 0.7];
    let depthwise = |means: &[f64]| {
        let layer = Layer {
            groups: 2,
            ..layer(&weight, &[0.0; 2], means)
        };
        ChannelWeights::quantised(&layer).bias
    };
    let [neither, second] = [depthwise(&[0.0, 0.0]), depthwise(&[0.0, 50.0])];
    assert_eq!(neither, [0, 0]);
    assert_eq!(second[0], 0);
    assert_ne!(second[1], 0);
}

/// Folding makes channels whose weights are all but 0 beside their bias.
#[test]
fn dead_channels_keep_their_bias() {
    let weight = [
        0.0, 0.0, 0.0, 0.0, 1e-12, -1e-12, 0.0, 0.0, 1e-44, 0.0, 0.0, 0.0,
    ];
    let bias = [0.7, -0.5, 3.0];
    let found = ChannelWeights::quantised(&layer(&weight, &bias, &[1.0; 2]));
    for (output, &expected) in bias.iter().enumerate() {
        let (scale, unit) = (found.scales[output], found.bias_scales[output]);
        assert!(scale.is_normal() && unit.is_normal(), "{output}");
        let restored = f64::from(found.bias[output]) * f64::from(unit);
        let error = (restored - f64::from(expected)).abs();
        assert!(error <= 1e-6, "{output}: {restored}");
    }
    let zeros = ChannelWeights::quantised(&layer(&[0.0; 12], &[0.0; 3], &[1.0; 2]));
    assert_eq!(
        (zeros.values, zeros.scales, zeros.bias),
        (vec![0; 12], vec![1.0; 3], vec![0; 3])
    );
}

#[test]
fn means_are_those_of_each_channel() {
    let mut seen = Observation::new("value");
    let picture =
        |numbers: [f32; 4]| ArrayD::from_shape_vec(IxDyn(&[1, 2, 1, 2]), numbers.to_vec()).unwrap();
    seen.add(&picture([1.0, 2.0, -4.0, 0.0])).unwrap();
    seen.add(&picture([2.0, 3.0, 0.0, 0.0])).unwrap();
    assert_eq!(seen.channel_means(), [2.0, -1.0]);
    let integers = seen.integers();
    assert!(integers.nearest(-4.0).0 == 0 && integers.nearest(3.0).0 == 255);
    let other = ArrayD::zeros(IxDyn(&[1, 3, 1, 2]));
    assert!(matches!(seen.add(&other), Err(ReduceError::Network { .. })));
}

#[test]
fn what_is_no_number_is_refused_by_name() {
    for odd in [f32::NAN, f32::INFINITY] {
        let value = ArrayD::from_elem(IxDyn(&[1, 1, 1, 2]), odd);
        let error = Observation::new("value_7").add(&value).unwrap_err();
        assert!(error.to_string().contains("value_7"), "{error}");
        let mut parameters = parameters(&graph());
        parameters.get_mut("b.weight").unwrap().values[3] = odd;
        let network = reducible(&parameters);
        for error in [
            network.int8(&seen(&network)).unwrap_err(),
            network.fp16().unwrap_err(),
        ] {
            let named =
                matches!(&error, ReduceError::NotFinite { value, .. } if value == "b.weight");
            assert!(named, "{error}");
        }
    }
}

/// A stem, a residual block, pooling, a gated block, and three taps; the second has a
/// second activation, as with `LeakyReLU` taps.
fn backbone() -> Graph {
    let mut graph = Graph::new();
    let input = graph.input(3);
    let x = graph.conv(input, Conv::new("a", 3, 4, 3).stride(2));
    let x = graph.batch_norm(x, "a_norm");
    let stem = graph.apply(Op::Relu, &[x]);
    let pool = Op::MaxPool {
        kernel: 3,
        stride: 2,
        padding: 1,
    };
    let x = graph.apply(pool, &[stem]);
    graph.output(x);
    let y = graph.conv(x, Conv::new("b", 4, 4, 3));
    let y = graph.batch_norm(y, "b_norm");
    let sum = graph.apply(Op::Add, &[x, y]);
    let x = graph.apply(Op::Relu, &[sum]);
    let tap = graph.apply(Op::LeakyRelu { slope: 0.01 }, &[sum]);
    graph.output(tap);
    let x = graph.conv(x, Conv::new("c", 4, 6, 3).stride(2));
    let x = graph.batch_norm(x, "c_norm");
    let x = graph.apply(Op::Silu, &[x]);
    let gate = graph.apply(Op::GlobalAveragePool, &[x]);
    let gate = graph.conv(gate, Conv::new("d", 6, 6, 1));
    let gate = graph.batch_norm(gate, "d_norm");
    let gate = graph.apply(Op::Sigmoid, &[gate]);
    let x = graph.apply(Op::Multiply, &[x, gate]);
    let x = graph.conv(x, Conv::new("e", 6, 6, 1));
    let x = graph.batch_norm(x, "e_norm");
    graph.output(x);
    graph
}

fn graph() -> Graph {
    let shape = DescriptorShape::new([4, 4, 6], 1).unwrap();
    with_descriptor(&with_pooling(&backbone()), &shape).unwrap()
}

fn parameters(graph: &Graph) -> Parameters {
    let all = graph.parameters().into_iter().enumerate();
    let tensor = |(seed, p): (usize, crate::network::Parameter)| {
        let mut values = noise(seed as u64, p.shape.iter().product());
        if p.name.ends_with("running_var") {
            values = values.into_iter().map(|v| v.abs() + 0.1).collect();
        }
        let shape = p.shape;
        (p.name, WeightTensor { shape, values })
    };
    all.map(tensor).collect()
}

fn reducible(parameters: &Parameters) -> ReducibleNetwork {
    let onnx = encode(&graph(), parameters, (32, 48)).unwrap();
    ReducibleNetwork::decode(&onnx, &backbone()).unwrap()
}

/// As if every value had been seen, each in a range of its own.
fn seen(network: &ReducibleNetwork) -> BTreeMap<String, Observation> {
    let observation = |(i, name): (usize, &str)| {
        let mut seen = Observation::new(name);
        let numbers = noise(3, 12)
            .into_iter()
            .map(|v| v * (i + 1) as f32)
            .collect();
        let value = ArrayD::from_shape_vec(IxDyn(&[1, 6, 1, 2]), numbers).unwrap();
        seen.add(&value).unwrap();
        (name.to_owned(), seen)
    };
    network.values().enumerate().map(observation).collect()
}

fn decoded(onnx: &[u8]) -> GraphProto {
    ModelProto::decode(onnx).unwrap().graph.unwrap()
}

fn f32_graph() -> GraphProto {
    decoded(&encode(&graph(), &parameters(&graph()), (32, 48)).unwrap())
}

fn int8_graph() -> GraphProto {
    let network = reducible(&parameters(&graph()));
    decoded(&network.int8(&seen(&network)).unwrap())
}

fn maker<'a>(graph: &'a GraphProto, value: &str) -> &'a NodeProto {
    let mut nodes = graph.node.iter();
    nodes.find(|node| node.output[0] == value).unwrap()
}

/// Which operators integers come from: what merges with an activation gives none itself.
#[test]
fn integers_lie_where_operators_merge() {
    let graph = int8_graph();
    let pairs = graph.node.iter().filter(|n| n.op_type == "QuantizeLinear");
    let made_by = |node: &NodeProto| match node.input[0].as_str() {
        INPUT => "input".to_owned(),
        value => maker(&graph, value).op_type.clone(),
    };
    let from: Vec<String> = pairs.map(made_by).collect();
    let expected = [
        "input", // a
        "Relu",  // a, merged
        "MaxPool", "Conv", // b, whose sum is no activation
        "Add",  // read by two activations, so neither merges
        "Relu", // read by c
        "Conv", // c, read by Silu
        "Mul",  // gated, read by e
        "Conv", // e, a tap
    ];
    assert_eq!(from, expected);
}

/// The squeezed branch, the pooled taps and all behind them are as they were.
#[test]
fn what_is_no_part_of_the_backbone_stays() {
    let (old, new) = (f32_graph(), int8_graph());
    let integer = |node: &&NodeProto| node.input.iter().any(|i| i.ends_with("_dequantized"));
    let convs: Vec<_> = new.node.iter().filter(|n| n.op_type == "Conv").collect();
    assert_eq!(convs.iter().filter(|n| integer(n)).count(), 4);
    for conv in convs {
        if integer(&conv) {
            let weight = maker(&new, &conv.input[1]);
            let axis = weight.attribute.iter().find(|a| a.name == "axis").unwrap();
            assert_eq!((&*weight.op_type, axis.i), ("DequantizeLinear", 0));
        } else {
            assert_eq!(conv, maker(&old, &conv.output[0]));
        }
    }
    let pools: Vec<_> = new
        .node
        .iter()
        .filter(|n| n.op_type == "AveragePool")
        .collect();
    assert_eq!(pools.len(), 3);
    for name in ["descriptor.bias", "d.weight"] {
        assert_eq!(constant(&old, name), constant(&new, name));
    }
    assert_eq!((&old.input, &old.output), (&new.input, &new.output));
}

/// The largest of a window is one of its numbers, so they share their integers, and the
/// runtime can take it among integers.
#[test]
fn pooling_keeps_the_integers_of_its_input() {
    let graph = int8_graph();
    let scale = |of: &str| {
        let pair = graph.node.iter().find(|n| {
            n.op_type == "QuantizeLinear"
                && n.input[0] != INPUT
                && maker(&graph, &n.input[0]).op_type == of
        });
        constant(&graph, &pair.unwrap().input[1]).unwrap()
    };
    assert_eq!(scale("Relu"), scale("MaxPool"));
    assert_ne!(scale("Relu"), scale("Add"));
}

/// Largest numbers have a larger mean than all, so the bias behind a pooling is corrected
/// for what was seen behind it.
#[test]
fn the_bias_behind_pooling_is_that_of_the_pooled_means() {
    let network = reducible(&parameters(&graph()));
    let with = |mean: f32| {
        let mut seen = seen(&network);
        let pooled = f32_graph();
        let pooled = pooled.node.iter().find(|n| n.op_type == "MaxPool").unwrap();
        let mut other = Observation::new("pooled");
        other
            .add(&ArrayD::from_elem(IxDyn(&[1, 6, 1, 2]), mean))
            .unwrap();
        seen.insert(pooled.output[0].clone(), other);
        let graph = decoded(&network.int8(&seen).unwrap());
        let bias = |name: &str| {
            graph
                .initializer
                .iter()
                .find(|t| t.name == name)
                .unwrap()
                .clone()
        };
        bias("b.weight_bias_quantized")
    };
    assert_ne!(with(0.0).raw_data, with(90.0).raw_data);
}

/// A value that is read was made before, each once, and no constant lies around unread.
#[test]
fn the_graph_is_in_order() {
    let fp16 = decoded(&reducible(&parameters(&graph())).fp16().unwrap());
    for graph in [int8_graph(), fp16] {
        let mut known: BTreeSet<&str> = BTreeSet::from([INPUT]);
        for tensor in &graph.initializer {
            assert!(known.insert(&tensor.name), "{} twice", tensor.name);
        }
        let read: BTreeSet<&str> = graph
            .node
            .iter()
            .flat_map(|n| &n.input)
            .map(|i| &**i)
            .collect();
        let unread = graph.initializer.iter().find(|t| !read.contains(&*t.name));
        assert_eq!(unread.map(|t| &t.name), None);
        for node in &graph.node {
            for name in node.input.iter().filter(|name| !name.is_empty()) {
                assert!(known.contains(&**name), "{name} is read too early");
            }
            assert!(known.insert(&node.output[0]), "{} twice", node.output[0]);
        }
    }
}

#[test]
fn an_unseen_value_is_named() {
    let network = reducible(&parameters(&graph()));
    let mut seen = seen(&network);
    let missing = network.values().last().unwrap().to_owned();
    seen.remove(&missing);
    let error = network.int8(&seen).unwrap_err();
    assert_eq!(error, ReduceError::Unobserved { value: missing });
}

#[test]
fn fp16_rounds_the_backbones_weights_alone() {
    let parameters = parameters(&graph());
    let (old, new) = (
        f32_graph(),
        decoded(&reducible(&parameters).fp16().unwrap()),
    );
    let casts: Vec<_> = new.node.iter().filter(|n| n.op_type == "Cast").collect();
    assert_eq!(casts.len(), 5);
    for cast in casts {
        let stored = new
            .initializer
            .iter()
            .find(|t| t.name == cast.input[0])
            .unwrap();
        let (halves, _) = stored.raw_data.as_chunks::<2>();
        let halves: Vec<f16> = halves.iter().map(|b| f16::from_le_bytes(*b)).collect();
        let (shape, values) = constant(&old, &cast.output[0]).unwrap();
        assert_eq!(
            stored.dims,
            shape.iter().map(|&n| n as i64).collect::<Vec<_>>()
        );
        let expected: Vec<f16> = values.iter().map(|&v| f16::from_f32(v)).collect();
        assert_eq!(halves, expected);
    }
    assert_eq!(
        new.node.iter().filter(|n| n.op_type != "Cast").count(),
        old.node.len()
    );
    let mut large = parameters;
    for name in ["b.weight", "descriptor.weight"] {
        large.get_mut(name).unwrap().values[0] = 7e8;
    }
    let error = reducible(&large).fp16().unwrap_err();
    assert!(
        matches!(&error, ReduceError::BeyondFp16 { weight, .. } if weight == "b.weight"),
        "{error}"
    );
}

#[test]
fn a_foreign_network_is_refused() {
    let onnx = encode(&graph(), &parameters(&graph()), (32, 48)).unwrap();
    let mut other = Graph::new();
    let x = other.input(3);
    let x = other.conv(x, Conv::new("elsewhere", 3, 4, 3));
    other.output(x);
    for (onnx, backbone) in [(onnx.as_slice(), other), (&[1, 2, 3], backbone())] {
        let error = ReducibleNetwork::decode(onnx, &backbone).unwrap_err();
        assert!(matches!(error, ReduceError::Network { .. }), "{error}");
    }
}
