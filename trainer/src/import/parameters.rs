//! The tensors of a CFA model, under our names and in our order.

use std::path::Path;

use super::error::ImportProblem;
use super::source::Source;
use crate::backbone::weights::{Node, Tensors, WeightTensor, Weights};
use crate::backbone::{Backbone, TapActivation};
use crate::cfa::descriptor::DescriptorShape;
use crate::digest::sha256_hex;
use crate::network::{ParameterMismatch, check_parameters};

/// The prefix of the backbone's own names.
const BACKBONE_PREFIX: &str = "feature_extractor.";

/// All that was trained or frozen.
pub(super) struct Parameters {
    pub(super) backbone: Backbone,
    pub(super) weights: Weights,
    pub(super) descriptor: DescriptorShape,
    /// D × (C0 + 2), row and column coordinate last.
    pub(super) descriptor_weight: Vec<f32>,
    pub(super) descriptor_bias: Vec<f32>,
    /// M × D.
    pub(super) bank: Vec<f32>,
    /// M.
    pub(super) rows: usize,
    pub(super) gamma_d: usize,
}

impl Parameters {
    pub(super) fn read(
        source: &Source<'_>,
        asked: Option<Backbone>,
        path: &Path,
        bytes: &[u8],
    ) -> Result<Self, ImportProblem> {
        let tensors = backbone_tensors(source);
        let backbone = backbone(source, asked, &tensors)?;
        let weight = tensor(source, "descriptor.layer.conv2d.weight")?;
        let gamma_d = gamma_d(source, backbone, weight)?;
        let descriptor = backbone.descriptor_shape(gamma_d);
        let descriptor = descriptor.filter(|d| weight.shape == d.weight_shape());
        let descriptor = descriptor.ok_or_else(|| ImportProblem::Shape {
            name: "descriptor.layer.conv2d.weight",
            found: weight.shape.clone(),
            expected: format!("[{0}/gamma_d, {0} + 2, 1, 1]", backbone.feature_channels()),
        })?;
        let bias = tensor(source, "descriptor.layer.conv2d.bias")?;
        expect("descriptor.layer.conv2d.bias", bias, &[descriptor.outputs])?;
        let (bank, rows) = bank(source, descriptor.outputs)?;
        let file_name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy();
        Ok(Self {
            backbone,
            weights: Weights {
                tensors,
                file_name: file_name.into_owned(),
                sha256_hex: sha256_hex(bytes),
            },
            descriptor,
            descriptor_weight: weight.values.clone(),
            descriptor_bias: bias.values.clone(),
            bank,
            rows,
            gamma_d,
        })
    }
}

fn tensor<'s>(
    source: &'s Source<'_>,
    name: &'static str,
) -> Result<&'s WeightTensor, ImportProblem> {
    let found = source.tensors.get(&source.full_name(name));
    found.ok_or_else(|| ImportProblem::NotCfa {
        missing: name,
        found: "other parts of one".to_owned(),
    })
}

fn expect(name: &'static str, tensor: &WeightTensor, shape: &[usize]) -> Result<(), ImportProblem> {
    if tensor.shape == shape {
        return Ok(());
    }
    Err(ImportProblem::Shape {
        name,
        found: tensor.shape.clone(),
        expected: format!("{shape:?}"),
    })
}

/// The backbone under torchvision's names.
fn backbone_tensors(source: &Source<'_>) -> Tensors {
    let prefix = source.full_name(BACKBONE_PREFIX);
    let ours = source.tensors.iter().filter_map(|(name, tensor)| {
        let name = name.strip_prefix(&prefix)?;
        let name = name.strip_prefix(BACKBONE_PREFIX).unwrap_or(name);
        Some((name.to_owned(), tensor.clone()))
    });
    ours.collect()
}

/// By option, else by name, else by the shapes of its tensors.
fn backbone(
    source: &Source<'_>,
    asked: Option<Backbone>,
    tensors: &Tensors,
) -> Result<Backbone, ImportProblem> {
    let named = source.setting("backbone").and_then(Node::text);
    let chosen = match (asked, named) {
        (Some(asked), _) => asked,
        (None, Some(name)) => name.parse().map_err(|_unknown| {
            let name = name.escape_debug().take(60).collect();
            ImportProblem::UnknownBackbone { name }
        })?,
        (None, None) => recognised(tensors)?,
    };
    fits(chosen, tensors).map_err(|mismatch| ImportProblem::ForeignBackbone {
        backbone: chosen.name(),
        mismatch,
    })?;
    Ok(chosen)
}

/// anomalib takes torchvision's networks and their names.
fn fits(backbone: Backbone, tensors: &Tensors) -> Result<(), ParameterMismatch> {
    let graph = backbone.graph(TapActivation::Relu);
    check_parameters(&graph, tensors, &backbone.unused_prefixes())
}

fn recognised(tensors: &Tensors) -> Result<Backbone, ImportProblem> {
    let mut all = Backbone::ALL.into_iter();
    let found = all.find(|&backbone| fits(backbone, tensors).is_ok());
    found.ok_or(ImportProblem::UnrecognisedBackbone {
        tensors: tensors.len(),
    })
}

/// The divisor as it was set, else the one that gives as many channels.
fn gamma_d(
    source: &Source<'_>,
    backbone: Backbone,
    weight: &WeightTensor,
) -> Result<usize, ImportProblem> {
    let set = source.setting("gamma_d").and_then(Node::size);
    let outputs = weight.shape.first().copied();
    let derived = || backbone.feature_channels().checked_div(outputs?);
    set.or_else(derived).ok_or_else(|| ImportProblem::Shape {
        name: "descriptor.layer.conv2d.weight",
        found: weight.shape.clone(),
        expected: "at least one channel".to_owned(),
    })
}

/// The bank as rows; anomalib keeps it transposed, D × M.
fn bank(source: &Source<'_>, channels: usize) -> Result<(Vec<f32>, usize), ImportProblem> {
    let stored = tensor(source, "memory_bank")?;
    let rows = match stored.shape[..] {
        [] => return Err(ImportProblem::Untrained),
        [d, rows] if d == channels && rows > 0 => rows,
        _ => {
            return Err(ImportProblem::Shape {
                name: "memory_bank",
                found: stored.shape.clone(),
                expected: format!("[{channels}, entries]"),
            });
        }
    };
    let row = |m: usize| stored.values.iter().skip(m).step_by(rows).copied();
    Ok(((0..rows).flat_map(row).collect(), rows))
}
