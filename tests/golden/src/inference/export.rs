//! The exported network in ONNX Runtime, then the runtime's head.

use anyhow::{Context, Result};
use cfa_runtime::CoreAffinity;
use cfa_runtime::network::{Network, NetworkOptions, NetworkOutput, OnnxRuntime, Provider};
use cfa_train::cfa::descriptor::{Descriptor, with_descriptor};
use cfa_train::{export::onnx, tensor};
use ndarray::Array4;
use tch::Tensor;

use super::{features, map_size, scores};
use crate::case::Case;
use crate::report::Report;

pub(super) fn compare(
    case: &Case<'_>,
    library: &OnnxRuntime,
    descriptor: &Descriptor,
    input: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let features = run(case, library, descriptor, input)?;
    let shape = features.shape().to_vec();
    let values: Vec<f32> = features.into_iter().collect();
    let phi = tensor::from_values(&values, &shape)?;
    features::compare_phi(case, "φ, exported network", &phi, report)?;
    scores::compare_runtime(case, "exported network and runtime", &phi, bank, report)
}

fn run(
    case: &Case<'_>,
    library: &OnnxRuntime,
    descriptor: &Descriptor,
    input: &Tensor,
) -> Result<Array4<f32>> {
    let pooled = case.backbone.pooled_graph(case.reference.tap_activation());
    let graph = with_descriptor(&pooled, &case.shape);
    let mut parameters = case.parameters.clone();
    parameters.extend(descriptor.values()?);
    let encoded = onnx::encode(&graph, &parameters, map_size(case)?)?;
    let (images, channels, height, width) = input.size4()?;
    let shape = [images, channels, height, width].map(|n| n as usize);
    let sizes = graph.sizes(shape[2], shape[3]);
    let output = graph.outputs().first().map(|output| output.index());
    let features = sizes
        .zip(output)
        .and_then(|(sizes, i)| sizes.get(i).copied());
    let (feature_height, feature_width) = features.context("the network has no output")?;
    let options = NetworkOptions {
        threads: 2,
        provider: Provider::Cpu.into(),
        core_affinity: CoreAffinity::default(),
        input_shape: [shape[1], shape[2], shape[3]],
        outputs: vec![NetworkOutput {
            name: onnx::OUTPUT.to_owned(),
            shape: [case.shape.outputs, feature_height, feature_width],
        }],
    };
    let mut network = Network::new(library, &encoded, &options)?;
    let pictures = Array4::from_shape_vec(shape, tensor::host_values(input)?)?;
    let outputs = network.run(&pictures)?;
    let all = outputs.all()?;
    let first = all.first();
    Ok(first.context("the network gave no output")?.to_owned())
}
