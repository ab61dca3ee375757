//! Writes the bundle of random weights that the tests of format, runtime and C API
//! use, so that they need neither libtorch nor a backbone:
//!
//!     cargo run -p cfa-train --example tiny_bundle models/tiny/tiny.cfa
//!
//! The network is as small as can be with all that a real one has: three levels,
//! batch normalisation, pooling, upsampling, coordinates. Its maps mean nothing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use cfa_runtime::Cancellation;
use cfa_runtime::bundle::{
    AnomalyMapSettings, BackboneIdentity, BundleParts, CfaSettings, CfaTensors,
    DescriptorShape as Descriptors, GoldenRecord, GoldenSample, HeatmapRange, Manifest,
    MemoryBankShape, NetworkPrecision, ScoreSettings, write_bundle,
};
use cfa_runtime::calibration::Calibration;
use cfa_runtime::ndarray::Array2;
use cfa_runtime::picture::Picture;
use cfa_runtime::preprocess::{Preprocessing, Size};
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use cfa_runtime::training_support::cfa::head::LevelShape;
use cfa_runtime::training_support::cfa::memory_bank::BoundingAxes;
use cfa_train::cfa::descriptor::{Descriptor, DescriptorShape, with_pooling};
use cfa_train::cfa::frame::{FramedModel, PrincipalAxes};
use cfa_train::cfa::model::{AnomalyMapGenerator, CfaModel};
use cfa_train::export::onnx;
use cfa_train::network::{
    Conv, Graph, NodeId, Op, Parameters, PooledMaps, TorchNetwork, WeightTensor,
};
use cfa_train::tensor::{from_values, host_values};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::Device;

const RESIZE_PX: usize = 72;
const CROP_PX: usize = 64;
/// The first level has a stride of 4.
const FEATURE_PX: usize = CROP_PX / 4;
const LEVEL_CHANNELS: [usize; 3] = [8, 12, 16];
const GAMMA_D: usize = 2;
const BOUNDING_AXES: BoundingAxes = BoundingAxes {
    first: 4,
    second: 6,
};
const NEIGHBORS: usize = 3;
const SIGMA: f32 = 4.0;
const GOLDEN_TOLERANCE: f32 = 2e-4;
const TRAINING_PICTURES: u64 = 3;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("usage: tiny_bundle FILE")?;
    let model = Tiny::random()?;
    write_bundle(Path::new(&path), model.parts()?)?;
    Ok(())
}

/// Each level has half the side of the one before.
fn levels(framed: &FramedModel) -> Vec<LevelShape> {
    let sides = [FEATURE_PX, FEATURE_PX / 2, FEATURE_PX / 4].into_iter();
    let level = |(side, channels)| LevelShape {
        height: side,
        width: side,
        channels,
    };
    sides.zip(framed.level_channels).map(level).collect()
}

struct Tiny {
    preprocessing: Preprocessing,
    pooled: Graph,
    parameters: Parameters,
    network: TorchNetwork,
    model: CfaModel,
}

impl Tiny {
    fn random() -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(20);
        let pooled = with_pooling(&backbone());
        let parameters = random_parameters(&pooled, &mut rng);
        let square = |side| Size {
            height: side,
            width: side,
        };
        let shape = DescriptorShape::new(LEVEL_CHANNELS, GAMMA_D).context("channels")?;
        let descriptor = Descriptor::random(shape, &mut rng, Device::Cpu)?;
        let generator = AnomalyMapGenerator {
            neighbors: NEIGHBORS,
            map_size: square(CROP_PX),
            sigma: f64::from(SIGMA),
            border: Border::Mirror,
        };
        let mut tiny = Self {
            preprocessing: Preprocessing::imagenet(square(RESIZE_PX), Some(square(CROP_PX)))?,
            network: TorchNetwork::new(pooled.clone(), &parameters, Device::Cpu)?,
            pooled,
            parameters,
            model: CfaModel::new(descriptor, generator, square(FEATURE_PX)),
        };
        let drawings: Vec<_> = (0..TRAINING_PICTURES)
            .map(|seed| tiny.maps(&drawing(seed)?))
            .collect();
        let (go_on, begun) = (Cancellation::new(), &mut |_done| ());
        tiny.model
            .initialize_centroid(drawings, 1, &mut rng, &go_on, begun)?;
        Ok(tiny)
    }

    fn maps(&self, picture: &Picture) -> Result<PooledMaps> {
        let input: Vec<f32> = self.preprocessing.apply(picture)?.into_iter().collect();
        let input = from_values(&input, &[1, 3, CROP_PX, CROP_PX])?;
        let maps = tch::no_grad(|| self.network.forward(&[input]))?;
        maps.try_into().ok().context("three levels")
    }

    fn golden(&self, seed: u64) -> Result<(GoldenSample, GoldenRecord)> {
        let picture = drawing(seed)?;
        let scored = self.model.score(&self.maps(&picture)?)?;
        let anomaly_map =
            Array2::from_shape_vec((CROP_PX, CROP_PX), host_values(&scored.anomaly_map)?)?;
        let score = host_values(&scored.image_scores)?[0];
        let name = format!("drawing {seed}");
        Ok((
            GoldenSample { name, score },
            GoldenRecord {
                picture,
                anomaly_map,
            },
        ))
    }

    fn parts(&self) -> Result<BundleParts> {
        let bank = self.model.memory_bank()?;
        let axes = PrincipalAxes::of_bank(bank)?;
        let framed = FramedModel::new(self.model.descriptor(), bank, &axes, BOUNDING_AXES)?;
        let graph = framed.with_levels(&self.pooled)?;
        let mut parameters = self.parameters.clone();
        parameters.extend(framed.parameters.clone());
        let golden = [0, 7].map(|seed| self.golden(seed));
        let (samples, records) = golden
            .into_iter()
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        Ok(BundleParts {
            manifest: self.manifest(&framed, samples),
            network_onnx: onnx::encode(&graph, &parameters, (CROP_PX, CROP_PX))?,
            tensors: CfaTensors {
                coordinates: framed.coordinates,
                memory_bank: framed.memory_bank,
            },
            golden: records,
        })
    }

    fn manifest(&self, framed: &FramedModel, golden: Vec<GoldenSample>) -> Manifest {
        let (centroids, channels) = framed.memory_bank.dim();
        Manifest {
            format: Manifest::FORMAT.to_owned(),
            format_version: Manifest::FORMAT_VERSION,
            method: String::new(),
            created_by: "cfa-train, example tiny_bundle".to_owned(),
            preprocessing: self.preprocessing.clone(),
            backbone: BackboneIdentity {
                name: "tiny random network".to_owned(),
                weights_file: "none".to_owned(),
                weights_sha256: "0".repeat(64),
            },
            network_precision: NetworkPrecision::F32,
            settings: CfaSettings {
                descriptor: Descriptors {
                    channels,
                    feature_height: FEATURE_PX,
                    feature_width: FEATURE_PX,
                    gamma_d: GAMMA_D,
                    levels: levels(framed),
                },
                memory_bank: MemoryBankShape {
                    centroids,
                    gamma_c: 1,
                    bounding_axes: framed.bounding_axes,
                },
                score: ScoreSettings {
                    neighbors: NEIGHBORS,
                },
                anomaly_map: AnomalyMapSettings {
                    height: CROP_PX,
                    width: CROP_PX,
                    sigma: SIGMA,
                    border: Border::Mirror,
                },
                golden_tolerance: GOLDEN_TOLERANCE,
            },
            calibration: Calibration::default(),
            training: serde_json::json!({ "note": "random weights, for tests only" }),
            heatmap_range: HeatmapRange {
                low: 0.0,
                high: 1.0,
            },
            golden,
            parts: Vec::new(),
        }
    }
}

/// Levels at strides 4, 8 and 16.
fn backbone() -> Graph {
    let mut graph = Graph::new();
    let picture = graph.input(3);
    let stem = level(&mut graph, picture, "stem", 8);
    let first = level(&mut graph, stem, "level1", LEVEL_CHANNELS[0]);
    let second = level(&mut graph, first, "level2", LEVEL_CHANNELS[1]);
    let third = level(&mut graph, second, "level3", LEVEL_CHANNELS[2]);
    for tap in [first, second, third] {
        graph.output(tap);
    }
    graph
}

fn level(graph: &mut Graph, x: NodeId, name: &str, channels: usize) -> NodeId {
    let conv = Conv::new(&format!("{name}.conv"), graph.channels(x), channels, 3).stride(2);
    let x = graph.conv(x, conv);
    let x = graph.batch_norm(x, &format!("{name}.norm"));
    graph.apply(Op::Relu, &[x])
}

fn random_parameters(graph: &Graph, rng: &mut ChaCha8Rng) -> Parameters {
    let mut parameters = BTreeMap::new();
    for wanted in graph.parameters() {
        let count: usize = wanted.shape.iter().product();
        let positive = wanted.name.ends_with("running_var") || wanted.name.ends_with("norm.weight");
        let range = if positive { 0.5..1.5 } else { -0.4..0.4 };
        let values = (0..count)
            .map(|_| rng.random_range(range.clone()))
            .collect();
        parameters.insert(
            wanted.name,
            WeightTensor {
                shape: wanted.shape,
                values,
            },
        );
    }
    parameters
}

/// A disc on a gradient with some noise; larger than the network's input.
fn drawing(seed: u64) -> Result<Picture> {
    let (width, height) = (90_u32, 81_u32);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let center = 40 + (seed % 5) as u32 * 3;
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let inside = x.abs_diff(center).pow(2) + y.abs_diff(40).pow(2) < 400;
            let base = if inside {
                [200, 120, 60]
            } else {
                [x as u8, 90, y as u8]
            };
            samples.extend(base.map(|v: u8| v.saturating_add(rng.random_range(0..20))));
        }
    }
    Ok(Picture::from_rgb8(width, height, samples)?)
}
