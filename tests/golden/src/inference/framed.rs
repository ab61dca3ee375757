//! What a bundle holds: the levels of the network on other axes, searched with bounds.

use anyhow::{Context, Result};
use cfa_runtime::CoreAffinity;
use cfa_runtime::cfa::anomaly_map::GaussianBlur;
use cfa_runtime::cfa::head::{Descriptors, Head, LevelShape};
use cfa_runtime::cfa::memory_bank::MemoryBank;
use cfa_runtime::network::{Network, NetworkOptions, NetworkOutput, OnnxRuntime, Provider};
use cfa_runtime::preprocess::Size;
use cfa_train::cfa::descriptor::Descriptor;
use cfa_train::cfa::frame::{FramedModel, PrincipalAxes, Samples, cheapest_axes};
use cfa_train::cfa::neighbors::rows;
use cfa_train::{export::onnx, tensor};
use ndarray::Array4;
use tch::Tensor;

use super::{map_size, scores};
use crate::case::Case;
use crate::report::Report;

pub(super) fn model(
    case: &Case<'_>,
    descriptor: &Descriptor,
    phi: &Tensor,
    bank: &Tensor,
) -> Result<FramedModel> {
    let descriptors = rows(phi)?.f_reshape([-1, case.shape.outputs as i64])?;
    let principal = PrincipalAxes::of(bank)?.led_by(&descriptors)?;
    let samples = Samples {
        descriptors,
        neighbors: case.settings.neighbors,
        shape: case.shape,
    };
    let axes = cheapest_axes(&samples, bank, &principal)?;
    Ok(FramedModel::new(descriptor, bank, &principal, axes)?)
}

pub(super) fn compare(
    case: &Case<'_>,
    library: &OnnxRuntime,
    model: &FramedModel,
    input: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let (encoded, shapes) = encoded(case, model)?;
    let head = head(case, model, shapes.clone())?;
    let (images, channels, height, width) = input.size4()?;
    let shape = [images, channels, height, width].map(|n| n as usize);
    let options = NetworkOptions {
        threads: 2,
        provider: Provider::Cpu.into(),
        core_affinity: CoreAffinity::default(),
        input_shape: [shape[1], shape[2], shape[3]],
        outputs: NetworkOutput::levels(&shapes),
    };
    let mut network = Network::new(library, &encoded, &options)?;
    let levels = network.run(&Array4::from_shape_vec(shape, tensor::host_values(input)?)?)?;
    let map = |image| {
        let views = levels.picture(image)?;
        Ok(head.anomaly_map(&views)?.0)
    };
    let maps = (0..shape[0]).map(map).collect::<Result<Vec<_>>>()?;
    scores::compare_maps(case, "levels of a bundle and runtime", &maps, report);
    Ok(())
}

/// The network as a bundle holds it, and the shapes of its levels.
fn encoded(case: &Case<'_>, model: &FramedModel) -> Result<(Vec<u8>, Vec<LevelShape>)> {
    let pooled = case.backbone.pooled_graph(case.reference.tap_activation());
    let graph = model.with_levels(&pooled);
    let mut parameters = case.parameters.clone();
    parameters.extend(model.parameters.clone());
    let size = map_size(case)?;
    let sizes = graph
        .sizes(size.0, size.1)
        .context("the picture is too small")?;
    let outputs = graph.outputs().iter().zip(model.level_channels);
    let shape = |(output, channels): (&cfa_train::network::NodeId, usize)| {
        let (height, width) = sizes[output.index()];
        LevelShape {
            height,
            width,
            channels,
        }
    };
    let shapes = outputs.map(shape).collect();
    Ok((onnx::encode(&graph, &parameters, size)?, shapes))
}

fn head(case: &Case<'_>, model: &FramedModel, shapes: Vec<LevelShape>) -> Result<Head> {
    let (height, width) = map_size(case)?;
    let bank = MemoryBank::new(model.memory_bank.clone())?;
    Ok(Head::new(
        bank.with_leading_axes(model.bounding_axes)?,
        Descriptors::new(shapes, &model.coordinates)?,
        case.settings.neighbors,
        Size { height, width },
        &GaussianBlur::new(scores::SIGMA, case.reference.border())?,
    )?)
}
