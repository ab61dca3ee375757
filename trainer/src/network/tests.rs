#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tch::{Device, Kind, Tensor, no_grad};

use super::graph::BATCH_NORM_EPSILON;
use super::{
    Conv, Graph, Op, Padding, Parameters, TorchNetwork, WeightTensor, check_parameters,
    fold_batch_norm,
};
use crate::testing::{assert_close, f64_values, noise, noise_tensor};

/// Every kind of convolution in front of a normalisation; "shared" is read by a
/// sum as well, "result" is an output itself.
fn graph() -> Graph {
    let mut graph = Graph::new();
    let picture = graph.input(3);
    let plain = graph.conv(picture, Conv::new("plain", 3, 8, 3).stride(2));
    let plain = graph.batch_norm(plain, "plain_norm");
    let plain = graph.apply(Op::Relu6, &[plain]);
    let depthwise = graph.conv(plain, Conv::new("depthwise", 8, 8, 3).depthwise());
    let depthwise = graph.batch_norm(depthwise, "depthwise_norm");
    let biased = graph.conv(depthwise, Conv::new("biased", 8, 6, 1).bias("biased.bias"));
    let biased = graph.batch_norm(biased, "biased_norm");
    let shared = graph.conv(biased, Conv::new("shared", 6, 6, 3));
    let normed = graph.batch_norm(shared, "shared_norm");
    let sum = graph.apply(Op::Add, &[normed, shared]);
    let result = graph.conv(sum, Conv::new("result", 6, 4, 1));
    let last = graph.batch_norm(result, "result_norm");
    graph.output(last);
    graph.output(result);
    graph
}

fn parameters(graph: &Graph) -> Parameters {
    let tensor = |(seed, p): (usize, super::Parameter)| {
        let mut values = noise(seed as u64, p.shape.iter().product());
        if p.name.ends_with("running_var") {
            for value in &mut values {
                *value = value.abs() + 0.25;
            }
        }
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

fn run(graph: &Graph, parameters: &Parameters, input: &Tensor) -> Vec<Tensor> {
    let network = TorchNetwork::new(graph.clone(), parameters, Device::Cpu).unwrap();
    no_grad(|| network.forward(&[input.shallow_clone()])).unwrap()
}

fn norms(graph: &Graph) -> Vec<String> {
    let names = graph.nodes().iter().filter_map(|node| match &node.op {
        Op::BatchNorm { name, .. } => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

/// Tolerance: four layers of at most 54 f32 products each, relative to the largest
/// value: 4 · 54 · 6e-8 = 1.3e-5 at worst.
#[test]
fn the_folded_graph_computes_the_same() {
    let graph = graph();
    let parameters = parameters(&graph);
    let (folded, folded_parameters) = fold_batch_norm(&graph, &parameters);
    let input = noise_tensor(99, &[2, 3, 11, 7]);
    let before = run(&graph, &parameters, &input);
    let after = run(&folded, &folded_parameters, &input);
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        let expected = f64_values(before);
        let largest = expected.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        assert!(largest > 0.1, "the comparison would be empty");
        assert_close(&f64_values(after), &expected, 2e-5 * largest);
    }
}

#[test]
fn a_convolution_with_a_second_reader_is_not_folded() {
    let graph = graph();
    let parameters = parameters(&graph);
    let (folded, folded_parameters) = fold_batch_norm(&graph, &parameters);
    assert_eq!(norms(&folded), ["shared_norm", "result_norm"]);
    assert_eq!(
        folded_parameters["shared.weight"],
        parameters["shared.weight"]
    );
    assert_eq!(
        folded_parameters["result.weight"],
        parameters["result.weight"]
    );
    let unused: &[&str] = &[];
    assert_eq!(
        check_parameters(&folded, &folded_parameters, unused),
        Ok(())
    );
}

/// Tolerance: one rounding to f32 of values below 4.
#[test]
fn folding_follows_the_formula() {
    let mut graph = Graph::new();
    let picture = graph.input(1);
    let conv = graph.conv(picture, Conv::new("conv", 1, 1, 1).bias("conv.bias"));
    let norm = graph.batch_norm(conv, "norm");
    graph.output(norm);
    let stored = [
        ("conv.weight", vec![1, 1, 1, 1], 2.0),
        ("conv.bias", vec![1], 0.5),
        ("norm.weight", vec![1], 3.0),
        ("norm.bias", vec![1], -1.0),
        ("norm.running_mean", vec![1], 0.25),
        ("norm.running_var", vec![1], 4.0),
    ];
    let stored = stored.map(|(name, shape, value)| {
        (
            name.to_owned(),
            WeightTensor {
                shape,
                values: vec![value],
            },
        )
    });
    let (_, folded) = fold_batch_norm(&graph, &stored.into());
    let scale = 3.0 / (4.0 + BATCH_NORM_EPSILON).sqrt();
    let ours = ["conv.weight", "conv.bias"].map(|name| f64::from(folded[name].values[0]));
    assert_close(&ours, &[2.0 * scale, 0.25 * scale - 1.0], 2e-7);
    assert_eq!(folded.len(), 2);
}

#[test]
fn a_layer_that_lacks_a_tensor_stays_as_it_is() {
    let graph = graph();
    let mut parameters = parameters(&graph);
    parameters.remove("plain_norm.running_var");
    let (folded, _) = fold_batch_norm(&graph, &parameters);
    assert!(norms(&folded).contains(&"plain_norm".to_owned()));
    let names: Vec<_> = folded.parameters().into_iter().map(|p| p.name).collect();
    assert!(names.contains(&"plain_norm.running_var".to_owned()));
    assert!(
        !names.contains(&"plain.weight.folded_bias".to_owned()),
        "{names:?}"
    );
}

#[test]
fn every_foreign_tensor_is_named() {
    let graph = graph();
    let mut stored = parameters(&graph);
    stored.remove("plain.weight");
    stored.get_mut("biased.bias").unwrap().shape = vec![2, 3];
    let scalar = || WeightTensor {
        shape: vec![],
        values: vec![1.0],
    };
    stored.insert("fc.weight".into(), scalar());
    stored.insert("unknown.weight".into(), scalar());
    let mismatch = check_parameters(&graph, &stored, &["fc."]).unwrap_err();
    assert_eq!(mismatch.missing, ["plain.weight"]);
    assert_eq!(mismatch.extra, ["unknown.weight"]);
    assert_eq!(
        mismatch.misshaped,
        ["biased.bias: expected [6], found [2, 3]"]
    );
    let text = mismatch.to_string();
    for name in ["1 missing (plain.weight)", "unknown.weight", "biased.bias"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn a_long_list_of_names_is_shortened() {
    let text = check_parameters(&graph(), &Parameters::new(), &[])
        .unwrap_err()
        .to_string();
    assert!(
        text.starts_with("26 missing (") && text.ends_with(", …)"),
        "{text}"
    );
    assert!(text.len() < 200, "{text}");
}

#[test]
fn a_missing_tensor_or_input_is_an_error() {
    let graph = graph();
    let missing = TorchNetwork::new(graph.clone(), &Parameters::new(), Device::Cpu).unwrap_err();
    assert!(missing.to_string().contains("biased.bias"), "{missing}");
    let network = TorchNetwork::new(graph.clone(), &parameters(&graph), Device::Cpu).unwrap();
    assert!(network.forward(&[]).is_err());
    let four_channels = Tensor::zeros([1, 4, 8, 8], (Kind::Float, Device::Cpu));
    assert!(network.forward(&[four_channels]).is_err());
}

#[test]
fn sizes_are_those_of_the_tensors() {
    let graph = graph();
    let sizes = graph.sizes(11, 7).unwrap();
    let outputs = run(
        &graph,
        &parameters(&graph),
        &noise_tensor(1, &[1, 3, 11, 7]),
    );
    for (output, node) in outputs.iter().zip(graph.outputs()) {
        let (_, channels, h, w) = output.size4().unwrap();
        assert_eq!((h as usize, w as usize), sizes[node.index()]);
        assert_eq!(channels as usize, graph.channels(*node));
    }
}

/// The operations that are no convolution, against f64 formulas; tolerance: a few
/// roundings of values below 8.
#[test]
fn pointwise_operations_follow_their_formulas() {
    type Formula = fn(f64) -> f64;
    let sigmoid: Formula = |x| 1.0 / (1.0 + (-x).exp());
    let cases: [(Op, Formula); 6] = [
        (Op::LeakyRelu { slope: 0.125 }, |x| {
            if x > 0.0 { x } else { 0.125 * x }
        }),
        (Op::Sigmoid, sigmoid),
        (Op::Silu, |x| x / (1.0 + (-x).exp())),
        (Op::HardSigmoid, |x| (x + 3.0).clamp(0.0, 6.0) / 6.0),
        (Op::HardSwish, |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0),
        (Op::Scale(0.25), |x| 0.25 * x),
    ];
    let input = noise_tensor(5, &[1, 2, 3, 4]).f_mul_scalar(7.0).unwrap();
    for (op, formula) in cases {
        let mut graph = Graph::new();
        let x = graph.input(2);
        let y = graph.apply(op.clone(), &[x]);
        graph.output(y);
        let expected: Vec<f64> = f64_values(&input).into_iter().map(formula).collect();
        let ours = run(&graph, &Parameters::new(), &input).remove(0);
        assert_close(&f64_values(&ours), &expected, 2e-6);
        assert!(expected.iter().any(|&v| v != 0.0), "{op:?}");
    }
}

#[test]
fn channels_are_weighted_and_joined() {
    let mut graph = Graph::new();
    let x = graph.input(2);
    let mean = graph.apply(Op::GlobalAveragePool, &[x]);
    let weighted = graph.apply(Op::Multiply, &[x, mean]);
    let joined = graph.concat(&[weighted, x]);
    graph.output(joined);
    assert_eq!(graph.channels(joined), 4);
    assert_eq!(graph.sizes(2, 2).unwrap(), [(2, 2), (1, 1), (2, 2), (2, 2)]);
    let input = Tensor::from_slice(&[1.0_f32, 2.0, 3.0, 6.0, -1.0, 1.0, -1.0, 5.0]);
    let input = input.f_reshape([1, 2, 2, 2]).unwrap();
    let ours = run(&graph, &Parameters::new(), &input).remove(0);
    let expected = [
        3.0, 6.0, 9.0, 18.0, -1.0, 1.0, -1.0, 5.0, 1.0, 2.0, 3.0, 6.0, -1.0, 1.0, -1.0, 5.0,
    ];
    assert_close(&f64_values(&ours), &expected, 1e-6);
}

/// Zeros by `TensorFlow`'s rule: total = max((⌈n/s⌉ − 1)·s + k − n, 0), the larger
/// half behind.
#[test]
fn same_padding_follows_the_inputs_size() {
    let zeros = |kernel, stride, input| {
        let conv = Conv::new("conv", 1, 1, kernel).stride(stride);
        conv.padding(Padding::Same).zeros(input)
    };
    assert_eq!(zeros(3, 2, 224), (0, 1));
    assert_eq!(zeros(3, 2, 57), (1, 1));
    assert_eq!(zeros(5, 2, 56), (1, 2));
    assert_eq!(zeros(5, 2, 29), (2, 2));
    assert_eq!(zeros(5, 1, 7), (2, 2));
    assert_eq!(zeros(1, 2, 8), (0, 0));
    for (height, width) in [(7_usize, 10_usize), (8, 9), (1, 2)] {
        let mut graph = Graph::new();
        let x = graph.input(1);
        let conv = Conv::new("conv", 1, 1, 5).stride(2).padding(Padding::Same);
        let y = graph.conv(x, conv);
        graph.output(y);
        let expected = (height.div_ceil(2), width.div_ceil(2));
        assert_eq!(graph.sizes(height, width).unwrap()[1], expected);
        assert_eq!(graph.sizes(height, 0), None);
        let input = noise_tensor(3, &[1, 1, height, width]);
        let ours = run(&graph, &parameters(&graph), &input).remove(0);
        let (_, _, h, w) = ours.size4().unwrap();
        assert_eq!((h as usize, w as usize), expected);
    }
}

#[test]
fn each_normalisation_has_its_epsilon() {
    let mut graph = Graph::new();
    let picture = graph.input(1);
    let conv = graph.conv(picture, Conv::new("conv", 1, 1, 1));
    let norm = graph.batch_norm_with(conv, "norm", 0.5);
    graph.output(norm);
    let one = |name: &str, shape: &[usize], value| {
        let shape = shape.to_vec();
        let values = vec![value];
        (name.to_owned(), WeightTensor { shape, values })
    };
    let stored = Parameters::from([
        one("conv.weight", &[1, 1, 1, 1], 1.0),
        one("norm.weight", &[1], 1.0),
        one("norm.bias", &[1], 0.0),
        one("norm.running_mean", &[1], 0.0),
        one("norm.running_var", &[1], 0.5),
    ]);
    let input = Tensor::from_slice(&[3.0_f32])
        .f_reshape([1, 1, 1, 1])
        .unwrap();
    let (folded, folded_parameters) = fold_batch_norm(&graph, &stored);
    for (graph, parameters) in [(&graph, &stored), (&folded, &folded_parameters)] {
        let ours = run(graph, parameters, &input).remove(0);
        assert_close(&f64_values(&ours), &[3.0], 1e-6);
    }
}

#[test]
fn a_backbone_with_another_number_of_maps_is_an_error() {
    let mut graph = Graph::new();
    let picture = graph.input(3);
    graph.output(picture);
    let error = graph.three_outputs().unwrap_err();
    assert!(error.to_string().contains("three feature maps"), "{error}");
}
