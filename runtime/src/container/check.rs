//! Whether settings and parts fit each other.
//!
//! Asked before writing and after reading, so nothing is written that would be
//! refused, and what was read can be used without further doubt.

use ndarray::Array2;

use super::digest::is_sha256_hex;
use super::require::{require, require_finite};
use super::{
    BackboneIdentity, BundleParts, BundleProblem, GoldenRecord, HeatmapRange, Method, part_names,
};
use crate::calibration::{Calibration, DecisionRule};
use crate::picture::Picture;

type Checked = Result<(), BundleProblem>;

pub(super) fn consistent<M: Method>(parts: &BundleParts<M>) -> Checked {
    let manifest = &parts.manifest;
    backbone(&manifest.backbone)?;
    heatmap_range(manifest.heatmap_range)?;
    calibration(&manifest.calibration)?;
    let input = manifest.preprocessing.input_size();
    manifest.settings.check(&parts.tensors, input)?;
    require(!parts.network_onnx.is_empty(), part_names::NETWORK, || {
        "is empty".to_owned()
    })?;
    golden(parts)
}

fn backbone(backbone: &BackboneIdentity) -> Checked {
    require(!backbone.name.is_empty(), "backbone.name", || {
        "must not be empty".to_owned()
    })?;
    require(
        is_sha256_hex(&backbone.weights_sha256),
        "backbone.weights_sha256",
        || {
            format!(
                "{:?} is not 64 lower-case hexadecimal digits",
                backbone.weights_sha256
            )
        },
    )
}

fn heatmap_range(range: HeatmapRange) -> Checked {
    let ascends = range.low.is_finite() && range.high.is_finite() && range.low < range.high;
    require(ascends, "heatmap_range", || {
        format!(
            "must rise between finite numbers, not from {} to {}",
            range.low, range.high
        )
    })
}

fn calibration(calibration: &Calibration) -> Checked {
    let scores = &calibration.good_scores;
    let ascending = scores.is_sorted() && scores.iter().all(|score| score.is_finite());
    require(ascending, "calibration.good_scores", || {
        "must be finite and ascending".to_owned()
    })?;
    if let Some(found) = calibration.f1_max {
        let whole = found.reject_above.is_finite() && (0.0..=1.0).contains(&found.f1);
        require(whole, "calibration.f1_max", || {
            format!("{found:?} is not a finite threshold with an F1 of 0 to 1")
        })?;
    }
    if let Some(Err(error)) = calibration.rule.map(DecisionRule::checked) {
        return require(false, "calibration.rule", || error.to_string());
    }
    Ok(())
}

fn golden<M: Method>(parts: &BundleParts<M>) -> Checked {
    let (samples, records) = (&parts.manifest.golden, &parts.golden);
    require(samples.len() == records.len(), "golden", || {
        format!(
            "names {} samples, but {} are recorded",
            samples.len(),
            records.len()
        )
    })?;
    let mut numbered = samples.iter().zip(records).enumerate();
    numbered.try_for_each(|(index, (sample, record))| {
        eight_bit(&record.picture, &part_names::golden_picture(index))?;
        golden_map(parts, sample.score, record, index)
    })
}

/// The replay must see exactly the picture that was recorded.
fn eight_bit(picture: &Picture, part: &str) -> Checked {
    require(picture.bits_per_sample() == 8, part, || {
        "must have 8 bits a sample; record the result of Picture::to_rgb8".to_owned()
    })
}

fn golden_map<M: Method>(
    parts: &BundleParts<M>,
    score: f32,
    record: &GoldenRecord,
    index: usize,
) -> Checked {
    let (map, part): (&Array2<f32>, _) =
        (&record.anomaly_map, &part_names::golden_anomaly_map(index));
    let input = parts.manifest.preprocessing.input_size();
    let expected = (input.height, input.width);
    require(map.dim() == expected, part, || {
        format!(
            "is {:?}, but the network's input is {expected:?} (height, width)",
            map.dim()
        )
    })?;
    require_finite(map, part)?;
    let maximum = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let tolerated = parts.manifest.settings.replay_tolerance(map);
    // A score that is not a number fails, too.
    require((score - maximum).abs() <= tolerated, part, || {
        format!("has the maximum {maximum}, but the recorded score is {score}")
    })
}
