//! The patch descriptor φ: the one layer that is trained (METHOD.md, section 4).
//!
//! The reference pools each feature map, upsamples the second and the third to
//! the size of the first, concatenates, appends coordinates and applies one 1×1
//! convolution. A 1×1 convolution acts on channels and bilinear upsampling on
//! positions, so they commute: here each map's share of the weight is applied at
//! the map's own resolution and the results are upsampled and added. Same
//! result, a quarter of the work (METHOD.md, section 12).

use std::collections::BTreeMap;

use cfa_runtime::BrokenInvariant;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Device, TchError, Tensor};

use crate::network::{Conv, Graph, NodeId, Op, Parameters, PooledMaps, TorchNetwork, WeightTensor};

/// Name of the weight (D, C0 + 2, 1, 1); the last two inputs are the row and the
/// column coordinate.
pub const WEIGHT: &str = "descriptor.weight";
/// Name of the bias (D).
pub const BIAS: &str = "descriptor.bias";

/// Shape of the descriptor: which maps go in, how many channels come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DescriptorShape {
    /// Channels of the three pooled maps, highest resolution first.
    pub map_channels: [usize; 3],
    /// Channels D of φ.
    pub outputs: usize,
}

impl DescriptorShape {
    /// D = floor(C0 / `gamma_d`) (METHOD.md, section 4). `None` when nothing would be left.
    #[must_use]
    pub fn new(map_channels: [usize; 3], gamma_d: usize) -> Option<Self> {
        Self::expanded(map_channels, 1, gamma_d)
    }

    /// D = floor(`expansion`·C0 / `gamma_d`).
    #[must_use]
    pub fn expanded(map_channels: [usize; 3], expansion: usize, gamma_d: usize) -> Option<Self> {
        let total: usize = map_channels.iter().sum();
        let outputs = (expansion * total).checked_div(gamma_d)?;
        (outputs > 0).then_some(Self {
            map_channels,
            outputs,
        })
    }

    /// C0: channels of the concatenated maps.
    #[must_use]
    pub fn feature_channels(&self) -> usize {
        self.map_channels.iter().sum()
    }

    /// Shape of the weight.
    #[must_use]
    pub fn weight_shape(&self) -> [usize; 4] {
        [self.outputs, self.feature_channels() + 2, 1, 1]
    }

    /// Three pooled maps in, φ (N×D×h×w, size of the first map) out.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        let maps = self.map_channels.map(|channels| graph.input(channels));
        let phi = append_to(&mut graph, maps, self);
        graph.output(phi);
        graph
    }
}

/// The feature maps that are averaged over 3×3 before the descriptor sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// All three: the method.
    #[default]
    Pooled,
    /// Only the first map is pooled; the others are taken raw. anomalib 1.0.0 to 2.3.1 did
    /// this by mistake, and models trained there expect it (METHOD.md, difference 7).
    Raw,
}

impl Pooling {
    fn applies_to(self, map: usize) -> bool {
        self == Self::Pooled || map == 0
    }
}

/// Continues a graph whose three outputs are feature maps with 3×3 mean pooling
/// (METHOD.md, section 4); the outputs of the result are the pooled maps.
#[must_use]
pub fn with_pooling(backbone: &Graph) -> Graph {
    with_pooling_of(backbone, Pooling::Pooled)
}

/// Continues a graph as [`with_pooling`] does, but pools only the maps that `pooling` names;
/// the others are passed on as they are.
#[must_use]
pub fn with_pooling_of(backbone: &Graph, pooling: Pooling) -> Graph {
    let mut graph = backbone.without_outputs();
    for (index, &map) in backbone.outputs().iter().enumerate() {
        let pooled = if pooling.applies_to(index) {
            graph.apply(Op::AveragePool3, &[map])
        } else {
            map
        };
        graph.output(pooled);
    }
    graph
}

/// Continues a graph whose three outputs are pooled maps with the descriptor;
/// the only output of the result is φ.
///
/// # Errors
/// `pooled` has not three outputs.
pub fn with_descriptor(pooled: &Graph, shape: &DescriptorShape) -> Result<Graph, BrokenInvariant> {
    let maps = pooled.three_outputs()?;
    let mut graph = pooled.without_outputs();
    let phi = append_to(&mut graph, maps, shape);
    graph.output(phi);
    Ok(graph)
}

fn append_to(graph: &mut Graph, maps: [NodeId; 3], shape: &DescriptorShape) -> NodeId {
    let [c1, c2, c3] = shape.map_channels;
    let total = c1 + c2 + c3;
    let conv = |columns| {
        let conv = Conv::new("descriptor", total + 2, shape.outputs, 1);
        conv.columns(columns)
    };
    let first = graph.append_coordinates(maps[0]);
    let first_columns = vec![0..c1, total..total + 2];
    let first = graph.conv(first, conv(first_columns).bias(BIAS));
    let (second_columns, third_columns) = (c1..c1 + c2, c1 + c2..total);
    let second = graph.conv(maps[1], conv(vec![second_columns]));
    let third = graph.conv(maps[2], conv(vec![third_columns]));
    [second, third].into_iter().fold(first, |sum, map| {
        let upsampled = graph.apply(Op::UpsampleLike, &[map, first]);
        graph.apply(Op::Add, &[sum, upsampled])
    })
}

/// The trained layer on a device.
#[derive(Debug)]
pub struct Descriptor {
    shape: DescriptorShape,
    weight: Tensor,
    bias: Tensor,
}

impl Descriptor {
    /// `PyTorch`'s default start of a convolution: weight and bias uniform in
    /// ±1/√(C0 + 2) (METHOD.md, section 4), drawn on the CPU so that a seed gives the same
    /// start on every device.
    ///
    /// # Errors
    /// The device's memory runs out.
    pub fn random(
        shape: DescriptorShape,
        rng: &mut ChaCha8Rng,
        device: Device,
    ) -> Result<Self, TchError> {
        let inputs = shape.feature_channels() + 2;
        let bound = 1.0 / (inputs as f32).sqrt();
        let mut draw =
            |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-bound..=bound)).collect() };
        let weight = draw(shape.outputs * inputs);
        let bias = draw(shape.outputs);
        Self::from_values(shape, &weight, &bias, device)
    }

    /// A descriptor with given values; `weight` in the order of
    /// [`DescriptorShape::weight_shape`].
    ///
    /// # Errors
    /// The number of values does not match the shape.
    pub fn from_values(
        shape: DescriptorShape,
        weight: &[f32],
        bias: &[f32],
        device: Device,
    ) -> Result<Self, TchError> {
        let weight_shape = shape.weight_shape().map(|n| n as i64);
        let weight = Tensor::f_from_slice(weight)?.f_reshape(weight_shape)?;
        let bias = Tensor::f_from_slice(bias)?.f_reshape([shape.outputs as i64])?;
        let trainable = |t: Tensor| t.f_to_device(device)?.f_set_requires_grad(true);
        Ok(Self {
            shape,
            weight: trainable(weight)?,
            bias: trainable(bias)?,
        })
    }

    /// Shape of the layer.
    #[must_use]
    pub fn shape(&self) -> DescriptorShape {
        self.shape
    }

    /// The trained tensors: weight, then bias.
    pub fn parameters(&self) -> [&Tensor; 2] {
        [&self.weight, &self.bias]
    }

    /// φ (N×D×h×w) of three pooled maps (N×Cᵢ×hᵢ×wᵢ). Gradients reach weight and
    /// bias unless the caller switched them off.
    ///
    /// # Errors
    /// Shapes that do not fit, or memory that runs out.
    pub fn forward(&self, pooled: &PooledMaps) -> Result<Tensor, TchError> {
        let tensors = BTreeMap::from([
            (WEIGHT.to_owned(), self.weight.shallow_clone()),
            (BIAS.to_owned(), self.bias.shallow_clone()),
        ]);
        let network = TorchNetwork::from_tensors(self.shape.graph(), tensors);
        network
            .forward(pooled)?
            .pop()
            .ok_or_else(|| TchError::Shape("the descriptor gave no result".into()))
    }

    /// Copies weight and bias to the host, under their names in the graph.
    ///
    /// # Errors
    /// The copy from the device fails.
    pub fn values(&self) -> Result<Parameters, TchError> {
        let [weight, bias] = self.parameters().map(crate::tensor::host_values);
        let (weight, bias) = (weight?, bias?);
        Ok(BTreeMap::from([
            (
                WEIGHT.to_owned(),
                WeightTensor {
                    shape: self.shape.weight_shape().to_vec(),
                    values: weight,
                },
            ),
            (
                BIAS.to_owned(),
                WeightTensor {
                    shape: vec![self.shape.outputs],
                    values: bias,
                },
            ),
        ]))
    }
}

#[cfg(test)]
mod tests;
