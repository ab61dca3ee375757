//! The ends of the heat map's colours.

use cfa_runtime::BrokenInvariant;
use cfa_runtime::bundle::HeatmapRange;
use tch::Device;

use crate::cfa::model::CfaModel;
use crate::error::TrainError;
use crate::training::FeatureStore;

/// Training pictures whose maps set the heat map's colours.
const RANGE_PICTURES: usize = 16;

/// Colours begin at the typical value of a good picture and end at twice the
/// largest value seen on good pictures.
pub(super) fn heatmap_range(
    model: &CfaModel,
    store: &mut FeatureStore,
    device: Device,
) -> Result<HeatmapRange, TrainError> {
    let (mut sum, mut highest, count) = (0.0, 0.0_f64, store.len().min(RANGE_PICTURES));
    for index in 0..count {
        let pooled = store.batch(&[index], device)?;
        let map = model.score(&pooled)?.anomaly_map;
        sum += map.f_mean(tch::Kind::Double)?.f_double_value(&[])?;
        highest = highest.max(map.f_max()?.f_double_value(&[])?);
    }
    if count == 0 {
        return Err(BrokenInvariant("a model is exported with features of a picture").into());
    }
    let low = sum / count as f64;
    let high = (2.0 * highest).max(low + f64::from(f32::EPSILON));
    Ok(HeatmapRange {
        low: low as f32,
        high: high as f32,
    })
}
