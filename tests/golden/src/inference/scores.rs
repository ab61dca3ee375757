//! Patch scores, anomaly maps and image scores.

use anyhow::Result;
use cfa_runtime::AnomalyMap;
use cfa_runtime::preprocess::Size;
use cfa_runtime::training_support::cfa::anomaly_map::GaussianBlur;
use cfa_runtime::training_support::cfa::head::{Descriptors, Head, LevelShape};
use cfa_train::cfa::model::{AnomalyMapGenerator, Scored};
use cfa_train::cfa::neighbors::{rows, smallest_squared_distances};
use cfa_train::tensor;
use ndarray::Array3;
use tch::Tensor;

use super::{map_size, runtime_bank};
use crate::case::Case;
use crate::reference::Reference;
use crate::report::Report;

/// Golden README: relative to the reference's maximum.
const SCORE: f64 = 1e-4;
/// METHOD.md, section 9.
pub(super) const SIGMA: f32 = 4.0;

pub(super) fn compare_libtorch(
    case: &Case<'_>,
    phi: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let scored = score(case, phi, bank)?;
    let patches = &scored.patch_scores;
    case.compare("score", "patch score, libtorch", patches, SCORE, report)?;
    if case.reference == Reference::Anomalib
        && let Some(golden) = case.archive.find("paper/score_clamped")
    {
        let ours = tensor::host_values(patches)?;
        let quantity = "patch score [d² clamped at 0], libtorch";
        report.compare(case.name, quantity, &ours, &golden.values, SCORE);
    }
    let maps = &scored.anomaly_map;
    case.compare("anomaly_map", "anomaly map, libtorch", maps, SCORE, report)?;
    match case.reference {
        Reference::Anomalib => {
            let ours = &scored.image_scores;
            case.compare("pred_score", "image score, libtorch", ours, SCORE, report)
        }
        Reference::Official => compare_rescaled(case, maps, report),
    }
}

fn score(case: &Case<'_>, phi: &Tensor, bank: &Tensor) -> Result<Scored> {
    let (height, width) = map_size(case)?;
    let generator = AnomalyMapGenerator {
        neighbors: case.settings.neighbors,
        map_size: Size { height, width },
        sigma: f64::from(SIGMA),
        border: case.reference.border(),
    };
    let (_, _, h, w) = phi.size4()?;
    let (height, width) = (h as usize, w as usize);
    let (nearest, _) = smallest_squared_distances(&rows(phi)?, bank, generator.neighbors)?;
    Ok(generator.forward(Some(&nearest), Some(Size { height, width }))?)
}

/// The official code rescales all maps of a test set by their common extremes before
/// it takes the image scores (METHOD.md, section 10); we never do, so its rule is applied here.
fn compare_rescaled(case: &Case<'_>, maps: &Tensor, report: &mut Report<'_>) -> Result<()> {
    let lowest = maps.f_min()?;
    let range = maps.f_max()?.f_sub(&lowest)?;
    let rescaled = maps.f_sub(&lowest)?.f_div(&range)?;
    let scores = rescaled.f_amax([1, 2], false)?;
    let rule = "[reference's rule: rescaled to 0…1]";
    let quantity = format!("anomaly map {rule}");
    case.compare("anomaly_map_rescaled", &quantity, &rescaled, SCORE, report)?;
    let quantity = format!("image score {rule}");
    case.compare("image_score", &quantity, &scores, SCORE, report)
}

pub(super) fn compare_runtime(
    case: &Case<'_>,
    who: &str,
    phi: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let (images, channels, h, w) = phi.size4()?;
    let (height, width) = map_size(case)?;
    let (channels, h, w) = (channels as usize, h as usize, w as usize);
    let shape = LevelShape {
        height: h,
        width: w,
        channels,
    };
    let head = Head::new(
        runtime_bank(bank)?,
        Descriptors::whole(shape)?,
        case.settings.neighbors,
        Size { height, width },
        &GaussianBlur::new(SIGMA, case.reference.border())?,
    )?;
    let mut maps = Vec::new();
    for image in 0..images {
        let values = tensor::host_values(&phi.f_get(image)?)?;
        let features = Array3::from_shape_vec((channels, h, w), values)?;
        let channels_last = features.view().permuted_axes([1, 2, 0]);
        let (map, _) = head.anomaly_map(&[channels_last.as_standard_layout().view()])?;
        maps.push(map);
    }
    compare_maps(case, who, &maps, report);
    Ok(())
}

/// Anomaly maps and their maxima.
pub(super) fn compare_maps(
    case: &Case<'_>,
    who: &str,
    maps: &[AnomalyMap],
    report: &mut Report<'_>,
) {
    let scores: Vec<f32> = maps.iter().map(AnomalyMap::max).collect();
    let maps: Vec<f32> = maps.iter().flat_map(|m| m.values.iter().copied()).collect();
    for (name, quantity, ours) in [
        ("anomaly_map", "anomaly map", &maps),
        ("pred_score", "image score", &scores),
    ] {
        if let Some(golden) = case.stored(name) {
            let quantity = case.reference.label(&format!("{quantity}, {who}"));
            report.compare(case.name, &quantity, ours, &golden.values, SCORE);
        }
    }
}
