//! From a trained model to the bundle that ships.

mod golden;
pub mod onnx;
mod onnx_full;
mod proof;
mod reduced;

pub(crate) use golden::drawing;
pub use onnx_full::{
    OnnxFullCheck, OnnxFullError, OnnxFullRequest, OnnxFullSummary, export_onnx_full,
};
pub use reduced::{
    CalibrationFate, CostLimits, LabelledCost, ReducedExportError, ReducedRequest, ReducedStep,
    ReducedSummary, ReductionCost, StepWatch, export_reduced,
};

use std::fs;
use std::path::{Path, PathBuf};

use cfa_runtime::OnnxRuntime;
use cfa_runtime::bundle::{
    AnomalyMapSettings, BackboneIdentity, BundleParts, CfaSettings, CfaTensors, DescriptorShape,
    GoldenSample, HeatmapRange, Manifest, MemoryBankShape, NetworkPrecision, ScoreSettings,
    write_bundle,
};
use cfa_runtime::calibration::{Calibration, DecisionRule};
use cfa_runtime::picture::Limits;
use cfa_runtime::training_support::cfa::head::LevelShape;
use tch::{Tensor, no_grad};

use crate::backbone::weights::Weights;
use crate::cfa::frame::{FramedModel, PrincipalAxes, Samples, cheapest_axes};
use crate::cfa::model::{ModelError, Scored};
use crate::cfa::neighbors::rows;
use crate::error::TrainError;
use crate::training::{
    Cfa, CheckedSettings, FeatureExtractor, FeatureStore, FitEvent, FitObserver,
};

/// Largest difference between a replayed and a recorded map, relative to the
/// recorded maximum. Two f32 implementations of the same sums differ by up to
/// 7e-5 (SPEC 14, ONNX Runtime against libtorch for `wide_resnet50_2`).
const GOLDEN_TOLERANCE: f32 = 2e-4;

/// Training pictures whose descriptors decide along how many axes distances are bounded.
const SAMPLE_PICTURES: usize = 4;

/// Training pictures whose maps set the heat map's colours.
const RANGE_PICTURES: usize = 16;

/// What belongs to a bundle besides the trained tensors.
#[derive(Debug, Clone)]
pub struct ExportRequest<'a> {
    /// Options of the training.
    pub settings: &'a CheckedSettings,
    /// What the bundle remembers of the training.
    pub record: serde_json::Value,
    /// Backbone weights.
    pub weights: &'a Weights,
    /// Training pictures; some become golden samples. Without any, a drawing does.
    pub pictures: &'a [PathBuf],
    /// Good pictures that were not trained on, whose scores calibrate the model.
    pub held_out: &'a [PathBuf],
    /// Which picture files are refused for their size.
    pub picture_limits: Limits,
    /// How pictures are judged; by default as the held-out pictures allow.
    pub rule: Option<DecisionRule>,
    /// Ends of the heat map's colours; by default found on stored features.
    pub heatmap_range: Option<HeatmapRange>,
    /// What the bundle is verified and calibrated with; `None` leaves that out.
    pub runtime: Option<&'a OnnxRuntime>,
    /// Its threads; `None` takes all cores.
    pub threads: Option<usize>,
    /// The file to write.
    pub bundle: &'a Path,
    /// Where an interrupted training goes on from.
    pub checkpoint: &'a Path,
}

/// Records golden samples, has the runtime reproduce them and score the held-out
/// pictures, and writes the bundle.
///
/// # Errors
/// The graph cannot be exported, the runtime computes other maps than libtorch, or the
/// file cannot be written. Nothing is written then.
pub fn export(
    request: &ExportRequest<'_>,
    extractor: &FeatureExtractor,
    training: &Cfa,
    store: &mut FeatureStore,
    observer: &mut dyn FitObserver,
) -> Result<(), TrainError> {
    observer.event(&FitEvent::Exporting);
    let scorer = Scorer {
        extractor,
        training,
    };
    let golden = golden::record(request, &scorer)?;
    let range = match request.heatmap_range {
        Some(range) => range,
        None => heatmap_range(&scorer, store)?,
    };
    let framed = framed(&scorer, request, store)?;
    let parts = BundleParts {
        manifest: manifest(request, &framed, &golden, range),
        network_onnx: network_onnx(request, &framed)?,
        tensors: CfaTensors {
            coordinates: framed.coordinates,
            memory_bank: framed.memory_bank,
        },
        golden: golden.into_iter().map(|g| g.record).collect(),
    };
    verify_and_write(parts, request, observer)
}

/// Has the runtime reproduce the golden samples and score the held-out pictures, and writes
/// the bundle.
///
/// # Errors
/// As [`export`]; nothing is written then.
pub(crate) fn verify_and_write(
    parts: BundleParts,
    request: &ExportRequest<'_>,
    observer: &mut dyn FitObserver,
) -> Result<(), TrainError> {
    let parts = proof::verified_and_calibrated(parts, request, observer)?;
    write_bundle(request.bundle, parts)?;
    let bytes = fs::metadata(request.bundle).map_or(0, |m| m.len());
    observer.event(&FitEvent::Exported {
        bundle: request.bundle.to_owned(),
        bytes,
    });
    Ok(())
}

/// libtorch's way from pictures or features to maps.
struct Scorer<'a> {
    extractor: &'a FeatureExtractor,
    training: &'a Cfa,
}

impl Scorer<'_> {
    fn score(&self, pooled: &[Tensor; 3]) -> Result<Scored, ModelError> {
        self.training.validation_step(pooled)
    }
}

/// The model on the axes on which the runtime searches fastest.
fn framed(
    scorer: &Scorer<'_>,
    request: &ExportRequest<'_>,
    store: &mut FeatureStore,
) -> Result<FramedModel, TrainError> {
    let model = scorer.training.model();
    let bank = model.memory_bank()?;
    let mut principal = PrincipalAxes::of(bank)?;
    let descriptors = sample_descriptors(scorer, store)?;
    if let Some(descriptors) = &descriptors {
        principal = principal.led_by(descriptors)?;
    }
    let samples = Samples {
        descriptors: descriptors.unwrap_or(bank.shallow_clone()),
        neighbors: request.settings.options().neighbors,
        shape: model.descriptor().shape(),
    };
    let axes = cheapest_axes(&samples, bank, &principal)?;
    Ok(FramedModel::new(
        model.descriptor(),
        bank,
        &principal,
        axes,
    )?)
}

/// Descriptors of some training pictures, one a row; `None` without stored features.
fn sample_descriptors(
    scorer: &Scorer<'_>,
    store: &mut FeatureStore,
) -> Result<Option<Tensor>, TrainError> {
    let pictures = store.len().min(SAMPLE_PICTURES);
    if pictures == 0 {
        return Ok(None);
    }
    let indices: Vec<usize> = (0..pictures).map(|i| i * store.len() / pictures).collect();
    let pooled = store.batch(&indices, scorer.training.device())?;
    let descriptor = scorer.training.model().descriptor();
    let phi = no_grad(|| descriptor.forward(&pooled))?;
    let rows = rows(&phi)?;
    let (_, _, channels) = rows.size3()?;
    Ok(Some(rows.f_reshape([-1, channels])?))
}

/// The whole network as ONNX: backbone, pooling, levels of the descriptor.
fn network_onnx(request: &ExportRequest<'_>, framed: &FramedModel) -> Result<Vec<u8>, TrainError> {
    let settings = request.settings;
    let graph = framed.with_levels(&settings.pooled_graph());
    let mut parameters = request.weights.tensors.clone();
    parameters.extend(framed.parameters.clone());
    let size = settings.preprocessing().input_size();
    Ok(onnx::encode(
        &graph,
        &parameters,
        (size.height, size.width),
    )?)
}

/// Colours begin at the typical value of a good picture and end at twice the
/// largest value seen on good pictures.
fn heatmap_range(
    scorer: &Scorer<'_>,
    store: &mut FeatureStore,
) -> Result<HeatmapRange, TrainError> {
    let (mut sum, mut highest, count) = (0.0, 0.0_f64, store.len().min(RANGE_PICTURES));
    for index in 0..count {
        let pooled = store.batch(&[index], scorer.training.device())?;
        let map = scorer.score(&pooled)?.anomaly_map;
        sum += map.f_mean(tch::Kind::Double)?.f_double_value(&[])?;
        highest = highest.max(map.f_max()?.f_double_value(&[])?);
    }
    let low = sum / count.max(1) as f64;
    let high = (2.0 * highest).max(low + f64::from(f32::EPSILON));
    Ok(HeatmapRange {
        low: low as f32,
        high: high as f32,
    })
}

fn level_shapes(settings: &CheckedSettings, framed: &FramedModel) -> Vec<LevelShape> {
    let maps = settings.map_shapes().into_iter();
    let shape = |([_, height, width], channels): ([usize; 3], usize)| LevelShape {
        height,
        width,
        channels,
    };
    maps.zip(framed.level_channels).map(shape).collect()
}

fn manifest(
    request: &ExportRequest<'_>,
    framed: &FramedModel,
    golden: &[golden::Golden],
    heatmap_range: HeatmapRange,
) -> Manifest {
    let settings = request.settings;
    let options = settings.options();
    let features = settings.feature_size();
    let map = settings.preprocessing().input_size();
    Manifest {
        format: Manifest::FORMAT.to_owned(),
        format_version: Manifest::FORMAT_VERSION,
        method: String::new(),
        created_by: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        preprocessing: settings.preprocessing().clone(),
        backbone: BackboneIdentity {
            name: settings.backbone().name().to_owned(),
            weights_file: request.weights.file_name.clone(),
            weights_sha256: request.weights.sha256_hex.clone(),
        },
        network_precision: NetworkPrecision::F32,
        settings: CfaSettings {
            descriptor: DescriptorShape {
                channels: settings.descriptor().outputs,
                feature_height: features.height,
                feature_width: features.width,
                gamma_d: options.gamma_d,
                levels: level_shapes(settings, framed),
            },
            memory_bank: MemoryBankShape {
                centroids: framed.memory_bank.nrows(),
                gamma_c: options.gamma_c,
                bounding_axes: framed.bounding_axes,
            },
            score: ScoreSettings {
                neighbors: options.neighbors,
            },
            anomaly_map: AnomalyMapSettings {
                height: map.height,
                width: map.width,
                sigma: settings.sigma(),
                border: options.border,
            },
            golden_tolerance: GOLDEN_TOLERANCE,
        },
        calibration: Calibration {
            rule: request.rule,
            ..Calibration::default()
        },
        training: request.record.clone(),
        heatmap_range,
        golden: golden
            .iter()
            .map(|g| GoldenSample {
                name: g.name.to_owned(),
                score: g.score,
            })
            .collect(),
        parts: Vec::new(),
    }
}
