//! Whether settings and parts fit each other.
//!
//! Asked before writing and after reading, so nothing is written that would be
//! refused, and what was read can be used without further doubt.

use ndarray::Array2;

use super::digest::is_sha256_hex;
use super::{BundleParts, BundleProblem, GoldenRecord, GoldenSample, Manifest, part_names};
use crate::calibration::{Calibration, DecisionRule};
use crate::cfa::anomaly_map::GaussianBlur;
use crate::cfa::head::Descriptors;
use crate::cfa::memory_bank::BoundingAxes;
use crate::picture::Picture;

type Checked = Result<(), BundleProblem>;

pub(super) fn consistent(parts: &BundleParts) -> Checked {
    let manifest = &parts.manifest;
    manifest.preprocessing.validate()?;
    backbone(manifest)?;
    shapes(manifest)?;
    anomaly_map(manifest)?;
    ranges(manifest)?;
    calibration(&manifest.calibration)?;
    memory_bank(manifest, &parts.memory_bank)?;
    levels(manifest, &parts.coordinates)?;
    require(!parts.network_onnx.is_empty(), part_names::NETWORK, || {
        "is empty".to_owned()
    })?;
    golden(manifest, &parts.golden)
}

fn backbone(manifest: &Manifest) -> Checked {
    let backbone = &manifest.backbone;
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

fn shapes(manifest: &Manifest) -> Checked {
    let (descriptor, bank) = (&manifest.descriptor, &manifest.memory_bank);
    let counts = [
        ("descriptor.channels", descriptor.channels),
        ("descriptor.feature_height", descriptor.feature_height),
        ("descriptor.feature_width", descriptor.feature_width),
        ("descriptor.gamma_d", descriptor.gamma_d),
        ("memory_bank.centroids", bank.centroids),
        ("memory_bank.gamma_c", bank.gamma_c),
        ("score.neighbors", manifest.score.neighbors),
    ];
    for (field, count) in counts {
        require(count > 0, field, || "must be at least 1".to_owned())?;
    }
    let neighbors = manifest.score.neighbors;
    require(neighbors <= bank.centroids, "score.neighbors", || {
        format!(
            "{neighbors} neighbours need as many centroids; there are {}",
            bank.centroids
        )
    })
}

fn anomaly_map(manifest: &Manifest) -> Checked {
    let (map, input) = (&manifest.anomaly_map, manifest.preprocessing.input_size());
    require(
        (map.height, map.width) == (input.height, input.width),
        "anomaly_map",
        || {
            format!(
                "is {}×{}, but must have the network's input size {}×{} (height × width)",
                map.height, map.width, input.height, input.width
            )
        },
    )?;
    let features = &manifest.descriptor;
    let fits = features.feature_height <= map.height && features.feature_width <= map.width;
    require(fits, "descriptor", || {
        format!(
            "{}×{} features are more than the {}×{} pixels of the map",
            features.feature_height, features.feature_width, map.height, map.width
        )
    })?;
    GaussianBlur::new(map.sigma, map.border)?.check_size(map.height, map.width)?;
    Ok(())
}

fn ranges(manifest: &Manifest) -> Checked {
    let (range, tolerance) = (manifest.heatmap_range, manifest.golden_tolerance);
    let ascends = range.low.is_finite() && range.high.is_finite() && range.low < range.high;
    require(ascends, "heatmap_range", || {
        format!(
            "must rise between finite numbers, not from {} to {}",
            range.low, range.high
        )
    })?;
    require(
        tolerance.is_finite() && tolerance > 0.0,
        "golden_tolerance",
        || format!("{tolerance} is not a finite number above 0"),
    )
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

fn memory_bank(manifest: &Manifest, bank: &Array2<f32>) -> Checked {
    let expected = (manifest.memory_bank.centroids, manifest.descriptor.channels);
    require(bank.dim() == expected, part_names::MEMORY_BANK, || {
        format!(
            "is {:?}, but the manifest says {expected:?} (centroids, channels)",
            bank.dim()
        )
    })?;
    finite(bank, part_names::MEMORY_BANK)
}

/// The levels make descriptors of the declared shape.
fn levels(manifest: &Manifest, coordinates: &Array2<f32>) -> Checked {
    finite(coordinates, part_names::COORDINATES)?;
    let shape = &manifest.descriptor;
    let made = Descriptors::new(shape.levels.clone(), coordinates);
    if let Err(error) = &made {
        return require(false, "descriptor.levels", || error.to_string());
    }
    let finest = shape
        .levels
        .first()
        .map(|level| (level.height, level.width));
    let channels = shape.levels.last().map(|level| level.channels);
    let declared = (shape.feature_height, shape.feature_width);
    let fits = finest == Some(declared) && channels == Some(shape.channels);
    require(fits, "descriptor.levels", || {
        format!(
            "do not make {declared:?} descriptors of {} channels",
            shape.channels
        )
    })?;
    let BoundingAxes { first, second } = manifest.memory_bank.bounding_axes;
    let ordered = 1 <= first && first <= second && second <= shape.channels;
    require(ordered, "memory_bank.bounding_axes", || {
        format!(
            "{first} and {second} are not ascending numbers from 1 to {}",
            shape.channels
        )
    })
}

fn golden(manifest: &Manifest, records: &[GoldenRecord]) -> Checked {
    require(manifest.golden.len() == records.len(), "golden", || {
        format!(
            "names {} samples, but {} are recorded",
            manifest.golden.len(),
            records.len()
        )
    })?;
    let mut numbered = manifest.golden.iter().zip(records).enumerate();
    numbered.try_for_each(|(index, (sample, record))| {
        eight_bit(&record.picture, &part_names::golden_picture(index))?;
        golden_map(
            manifest,
            sample,
            &record.anomaly_map,
            &part_names::golden_anomaly_map(index),
        )
    })
}

/// The replay must see exactly the picture that was recorded.
fn eight_bit(picture: &Picture, part: &str) -> Checked {
    require(picture.bits_per_sample() == 8, part, || {
        "must have 8 bits a sample; record the result of Picture::to_rgb8".to_owned()
    })
}

fn golden_map(
    manifest: &Manifest,
    sample: &GoldenSample,
    map: &Array2<f32>,
    part: &str,
) -> Checked {
    let expected = (manifest.anomaly_map.height, manifest.anomaly_map.width);
    require(map.dim() == expected, part, || {
        format!(
            "is {:?}, but anomaly_map says {expected:?} (height, width)",
            map.dim()
        )
    })?;
    finite(map, part)?;
    let maximum = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let tolerated = manifest.golden_tolerance * maximum.abs();
    // Written so that a score which is not a number fails too.
    require((sample.score - maximum).abs() <= tolerated, part, || {
        format!(
            "has the maximum {maximum}, but the recorded score is {}",
            sample.score
        )
    })
}

fn finite(values: &Array2<f32>, part: &str) -> Checked {
    let odd = values.indexed_iter().find(|(_, value)| !value.is_finite());
    odd.map_or(Ok(()), |(place, value)| {
        require(false, part, || {
            format!("holds {value} at {place:?} (row, column)")
        })
    })
}

fn require(holds: bool, field: &str, reason: impl FnOnce() -> String) -> Checked {
    if holds {
        return Ok(());
    }
    Err(BundleProblem::Setting {
        field: field.to_owned(),
        reason: reason(),
    })
}
