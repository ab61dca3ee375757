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
//! Both come from one QR decomposition, in `f64`.

mod choice;

use std::collections::BTreeMap;

use cfa_runtime::training_support::cfa::memory_bank::BoundingAxes;
use ndarray::Array2;
use tch::{Device, Kind, TchError, Tensor};

pub use choice::{Samples, cheapest_axes};

use crate::backbone::weights::WeightTensor;
use crate::cfa::descriptor::{Descriptor, DescriptorShape};
use crate::network::{Graph, Linear, NodeId, Parameters};
use crate::tensor::{host_values, matrix};

/// The axes along which the centroids of a memory bank spread, those of the largest
/// spread first.
#[derive(Debug)]
pub struct PrincipalAxes {
    /// The mean of the centroids: D, `f64`, on the CPU.
    pub origin: Tensor,
    /// One axis a column: D×D, orthonormal, `f64`, on the CPU.
    pub axes: Tensor,
}

impl PrincipalAxes {
    /// Of a bank M×D.
    ///
    /// # Errors
    /// Memory runs out, or the decomposition does not converge.
    pub fn of(bank: &Tensor) -> Result<Self, TchError> {
        let bank = on_host(bank)?;
        let origin = bank.f_mean_dim(0_i64, false, Kind::Double)?;
        let centred = bank.f_sub(&origin)?;
        let spread = centred.f_transpose(0, 1)?.f_matmul(&centred)?;
        let (_spreads, axes) = spread.f_linalg_eigh("L")?;
        let axes = axes.f_flip([1])?;
        Ok(Self { origin, axes })
    }

    /// The same behind one more axis, from the mean of the centroids to that of
    /// `descriptors` (P×D). A trained descriptor may place good pictures beside the bank,
    /// all in the same direction, of which the centroids know nothing (hazelnuts with
    /// `mobilenet_v2`: 16 axes leave 70 centroids instead of 350).
    ///
    /// # Errors
    /// Memory runs out.
    pub fn led_by(self, descriptors: &Tensor) -> Result<Self, TchError> {
        let mean = on_host(descriptors)?.f_mean_dim(0_i64, false, Kind::Double)?;
        let beside = mean.f_sub(&self.origin)?;
        let distance = beside.f_norm()?.f_double_value(&[])?;
        if distance.is_nan() || distance < f64::from(f32::EPSILON) {
            return Ok(self);
        }
        let columns = [beside.f_div_scalar(distance)?.f_unsqueeze(1)?, self.axes];
        let (axes, _triangle) = Tensor::f_linalg_qr(&Tensor::f_cat(&columns, 1)?, "complete")?;
        Ok(Self { axes, ..self })
    }
}

/// What a bundle holds of a trained model.
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
        let weights = Weights::of(descriptor)?;
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
    #[must_use]
    pub fn with_levels(&self, pooled: &Graph) -> Graph {
        let mut graph = pooled.without_outputs();
        let maps: Vec<NodeId> = pooled.outputs().to_vec();
        for (number, (&map, outputs)) in maps.iter().zip(self.level_channels).enumerate() {
            let inputs = graph.channels(map);
            let linear = Linear {
                weight: weight_name(number),
                weight_shape: [inputs, outputs],
                // Upsampling does not change a constant, so the coarsest map, which has
                // all channels, carries it.
                bias: (number + 1 == maps.len()).then(|| BIAS.to_owned()),
            };
            let level = graph.linear(map, linear);
            graph.output(level);
        }
        graph
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
    fn of(descriptor: &Descriptor) -> Result<Self, TchError> {
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

fn on_host(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor
        .f_detach()?
        .f_to_device(Device::Cpu)?
        .f_to_kind(Kind::Double)
}

fn stored(tensor: &Tensor) -> Result<WeightTensor, TchError> {
    let shape = tensor.size().iter().map(|&n| n as usize).collect();
    let values = host_values(tensor)?;
    Ok(WeightTensor { shape, values })
}

#[cfg(test)]
mod tests;
