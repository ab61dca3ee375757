//! The manifest of a new bundle.

use cfa_runtime::bundle::{
    AnomalyMapSettings, BackboneIdentity, CfaSettings, DescriptorShape, GoldenSample, HeatmapRange,
    Manifest, MemoryBankShape, NetworkPrecision, ScoreSettings,
};
use cfa_runtime::calibration::Calibration;
use cfa_runtime::training_support::cfa::head::LevelShape;

use super::golden::Golden;
use super::request::ExportRequest;
use crate::cfa::frame::FramedModel;
use crate::training::CheckedSettings;

/// Largest difference between a replayed and a recorded map, relative to the
/// recorded maximum. Two f32 implementations of the same sums differ by up to
/// 7e-5 (METHOD.md, section 14, ONNX Runtime against libtorch for `wide_resnet50_2`).
pub(super) const GOLDEN_TOLERANCE: f32 = 2e-4;

fn level_shapes(settings: &CheckedSettings, framed: &FramedModel) -> Vec<LevelShape> {
    let maps = settings.map_shapes().into_iter();
    let shape = |([_, height, width], channels): ([usize; 3], usize)| LevelShape {
        height,
        width,
        channels,
    };
    maps.zip(framed.level_channels).map(shape).collect()
}

pub(super) fn manifest(
    request: &ExportRequest<'_>,
    framed: &FramedModel,
    golden: &[Golden],
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
