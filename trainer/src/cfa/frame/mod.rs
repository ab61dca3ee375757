//! A trained descriptor and its memory bank, turned onto other axes.
//!
//! Distances do not change under a rotation, so the axes of φ are free. They are chosen
//! so that a new picture costs least:
//!
//! - first the direction in which good pictures lie beside the bank, and the axes in which
//!   the centroids differ most: along these few numbers tell most of a distance (see
//!   [`cfa_runtime::training_support::cfa::memory_bank`]);
//! - then axes that together with these hold everything that the finest feature map and
//!   the coordinates add to φ; then the same for the second map; then the rest. So each
//!   map reaches the leading channels alone, and the product with the finest map, which
//!   has most positions, becomes the smallest.
//!
//! One QR decomposition in `f64` gives both kinds of axes.

mod choice;
mod principal;

use std::collections::BTreeMap;

use cfa_runtime::BrokenInvariant;
use cfa_runtime::training_support::cfa::memory_bank::BoundingAxes;
use ndarray::Array2;
use tch::{TchError, Tensor};

pub use choice::{Samples, cheapest_axes};
pub use principal::PrincipalAxes;
use principal::on_host;

use crate::cfa::descriptor::{Descriptor, DescriptorShape};
use crate::network::{Graph, Linear, Parameters, WeightTensor};
use crate::tensor::{host_values, matrix};

/// The parts of a trained model that a bundle holds.
#[derive(Debug)]
pub struct FramedModel {
    /// Weights and biases of the levels, to be added to those of the backbone.
    pub parameters: Parameters,
    /// Channels of each level, the finest first.
    pub level_channels: [usize; 3],
    /// Two rows: what a unit of the row and of the column coordinate adds to the
    /// leading channels.
    pub coordinates: Array2<f32>,
    /// M×D.
    pub memory_bank: Array2<f32>,
    /// Along how many leading channels distances are bounded.
    pub bounding_axes: BoundingAxes,
}

impl FramedModel {
    /// Turns a model onto axes that begin with the `bounding_axes.second` first ones of
    /// `principal`.
    ///
    /// # Errors
    /// Memory runs out, or the tensors do not fit together.
    pub fn new(
        descriptor: &Descriptor,
        bank: &Tensor,
        principal: &PrincipalAxes,
        bounding_axes: BoundingAxes,
    ) -> Result<Self, TchError> {
        let shape = descriptor.shape();
        let weights = Weights::split(descriptor)?;
        let leading = principal.axes.f_narrow(1, 0, bounding_axes.second as i64)?;
        let [fine, middle, coarse] = &weights.maps;
        let columns = [&leading, fine, &weights.coordinates, middle, coarse];
        let (axes, _triangle) = Tensor::f_linalg_qr(&Tensor::f_cat(&columns, 1)?, "complete")?;
        let turn = axes.f_transpose(0, 1)?;
        let level_channels = level_channels(&shape, bounding_axes.second);
        let level = |number: usize, weight: &Tensor| {
            let turned = turn.f_matmul(weight)?;
            let leading = turned.f_narrow(0, 0, level_channels[number] as i64)?;
            leading.f_transpose(0, 1)
        };
        let mut parameters = BTreeMap::new();
        for (number, weight) in weights.maps.iter().enumerate() {
            parameters.insert(weight_name(number), stored(&level(number, weight)?)?);
        }
        let moved = weights.bias.f_sub(&principal.origin)?;
        parameters.insert(BIAS.to_owned(), stored(&turn.f_mv(&moved)?)?);
        let bank = on_host(bank)?.f_sub(&principal.origin)?.f_matmul(&axes)?;
        Ok(Self {
            parameters,
            level_channels,
            coordinates: matrix(&level(0, &weights.coordinates)?)?,
            memory_bank: matrix(&bank)?,
            bounding_axes,
        })
    }

    /// Continues a graph whose three outputs are pooled maps with the levels, which
    /// become its outputs. This is what an edge device runs.
    ///
    /// # Errors
    /// `pooled` has not three outputs.
    pub fn with_levels(&self, pooled: &Graph) -> Result<Graph, BrokenInvariant> {
        let maps = pooled.three_outputs()?;
        let mut graph = pooled.without_outputs();
        for (number, (&map, outputs)) in maps.iter().zip(&self.level_channels).enumerate() {
            let inputs = graph.channels(map);
            let linear = Linear {
                weight: weight_name(number),
                weight_shape: [inputs, *outputs],
                // Upsampling does not change a constant, so the coarsest map, which has
                // all channels, carries it.
                bias: (number + 1 == maps.len()).then(|| BIAS.to_owned()),
            };
            let level = graph.linear(map, linear);
            graph.output(level);
        }
        Ok(graph)
    }
}

const BIAS: &str = "levels.bias";

fn weight_name(number: usize) -> String {
    format!("levels.{number}.weight")
}

/// Leading channels that each map reaches.
fn level_channels(shape: &DescriptorShape, leading: usize) -> [usize; 3] {
    let [fine, middle, _coarse] = shape.map_channels;
    let first = leading + fine + 2;
    [first, first + middle, shape.outputs].map(|channels| channels.min(shape.outputs))
}

/// The descriptor's weight by what it is applied to, `f64`.
struct Weights {
    maps: [Tensor; 3],
    coordinates: Tensor,
    bias: Tensor,
}

impl Weights {
    fn split(descriptor: &Descriptor) -> Result<Self, TchError> {
        let [weight, bias] = descriptor.parameters().map(on_host);
        let shape = descriptor.shape();
        let weight = weight?.f_reshape([shape.outputs as i64, -1])?;
        let columns = |from: usize, count: usize| weight.f_narrow(1, from as i64, count as i64);
        let [fine, middle, coarse] = shape.map_channels;
        let total = shape.feature_channels();
        Ok(Self {
            maps: [
                columns(0, fine)?,
                columns(fine, middle)?,
                columns(fine + middle, coarse)?,
            ],
            coordinates: columns(total, 2)?,
            bias: bias?,
        })
    }
}

fn stored(tensor: &Tensor) -> Result<WeightTensor, TchError> {
    let shape = tensor.size().iter().map(|&n| n as usize).collect();
    let values = host_values(tensor)?;
    Ok(WeightTensor { shape, values })
}

#[cfg(test)]
mod tests;
