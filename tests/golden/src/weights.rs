//! Backbone and descriptor weights of the golden cases: stored, or generated from
//! their names (rule `weight_generator` of the manifest).

use std::path::Path;

use anyhow::{Context, Result};
use cfa_train::backbone::weights::{WeightTensor, Weights};
use cfa_train::backbone::{Backbone, TapActivation};
use cfa_train::cfa::descriptor::DescriptorShape;
use cfa_train::network::{Parameter, Parameters};

const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

/// Weights of a backbone; `None` when the folder has neither them nor their
/// normalisation statistics.
pub(crate) fn backbone(dir: &Path, backbone: Backbone, seed: u64) -> Result<Option<Parameters>> {
    let stored = dir.join(format!("weights_{backbone}.safetensors"));
    if stored.exists() {
        return Ok(Some(
            Weights::read(&stored).context("golden weights")?.tensors,
        ));
    }
    let statistics = dir.join(format!("bnstats_{backbone}.safetensors"));
    if !statistics.exists() {
        return Ok(None);
    }
    let mut parameters = Weights::read(&statistics)
        .context("golden statistics")?
        .tensors;
    for parameter in backbone.graph(TapActivation::Relu).parameters() {
        let generated = || generated_layer(backbone, &parameter, seed);
        parameters
            .entry(parameter.name.clone())
            .or_insert_with(generated);
    }
    Ok(Some(parameters))
}

/// Weight and bias of a descriptor.
pub(crate) fn descriptor(
    backbone: Backbone,
    shape: &DescriptorShape,
    gamma_d: usize,
    seed: u64,
) -> (Vec<f32>, Vec<f32>) {
    let scale = 1.0 / ((shape.feature_channels() + 2) as f32).sqrt();
    let draw = |part: &str, count: usize| {
        let name = format!("descriptor.{backbone}.gd{gamma_d}.{part}");
        uniform(&name, seed, count)
            .map(|u| (2.0 * u - 1.0) * scale)
            .collect()
    };
    let count = shape.weight_shape().iter().product();
    (draw("weight", count), draw("bias", shape.outputs))
}

fn generated_layer(backbone: Backbone, parameter: &Parameter, seed: u64) -> WeightTensor {
    let count = parameter.shape.iter().product();
    let name = format!("{backbone}.{}", parameter.name);
    let draws = uniform(&name, seed, count);
    let values = if parameter.shape.len() == 4 {
        let inputs: usize = parameter.shape[1..].iter().product();
        let scale = (6.0 / inputs as f32).sqrt();
        draws.map(|u| (2.0 * u - 1.0) * scale).collect()
    } else if parameter.name.ends_with(".weight") {
        let half = if ends_residual_block(backbone, &parameter.name) {
            0.5
        } else {
            1.0
        };
        draws.map(|u| (0.75 + 0.5 * u) * half).collect()
    } else {
        draws.map(|u| (2.0 * u - 1.0) * 0.2).collect()
    };
    WeightTensor {
        shape: parameter.shape.clone(),
        values,
    }
}

fn ends_residual_block(backbone: Backbone, name: &str) -> bool {
    match backbone {
        Backbone::Resnet18 => name.ends_with(".bn2.weight"),
        Backbone::WideResnet50 => name.ends_with(".bn3.weight"),
        _ => false,
    }
}

/// Numbers in 0…1 that depend on name, seed and index alone.
fn uniform(name: &str, seed: u64, count: usize) -> impl Iterator<Item = f32> {
    let start = fnv1a(name).wrapping_add(seed.wrapping_mul(GOLDEN_RATIO));
    (1..=count as u64).map(move |i| {
        let mixed = splitmix64(start.wrapping_add(i.wrapping_mul(GOLDEN_RATIO)));
        (mixed >> 40) as f32 * 2.0_f32.powi(-24)
    })
}

fn fnv1a(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    text.bytes().fold(0xCBF2_9CE4_8422_2325, step)
}

fn splitmix64(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
