//! One picture scored against its own memory bank: every patch has distance 0 to
//! its own entry. The reference's formula cancels to small negative numbers there,
//! takes their roots and silently goes on with farther neighbours (METHOD.md, difference 6);
//! only a computation in f64 is right.

use anyhow::Result;
use cfa_runtime::training_support::cfa::memory_bank::MemoryBank;
use cfa_train::cfa::model::softmin_score;
use cfa_train::cfa::neighbors::{rows, smallest_squared_distances};
use cfa_train::tensor::host_values;
use ndarray::Array2;
use tch::{Tensor, no_grad};

use crate::case::Case;
use crate::report::Report;

pub(crate) const CASE: &str = "edge_self";

/// The scores in f64 are rounding noise below 1e-6 (of distances around 10).
const ABSOLUTE: f64 = 1e-5;

pub(crate) fn run(case: &Case<'_>, report: &mut Report<'_>) -> Result<()> {
    let pooled = case.pooled("image_u8")?;
    let phi = no_grad(|| {
        case.descriptor()?
            .forward(&pooled)
            .map_err(anyhow::Error::from)
    })?;
    let patches = rows(&phi)?;
    let bank = patches.f_get(0)?.f_contiguous()?;
    let expected = &case.archive.tensor("float64/score")?.values;
    let (squared, _) = smallest_squared_distances(&patches, &bank, 3)?;
    let quantity = |who| format!("score against itself, f64 [d² clamped at 0], {who}");
    let ours = host_values(&softmin_score(&squared)?)?;
    report.error(
        CASE,
        &quantity("libtorch"),
        largest_difference(&ours, expected),
        ABSOLUTE,
    );
    let ours = runtime_scores(&bank)?;
    report.error(
        CASE,
        &quantity("runtime"),
        largest_difference(&ours, expected),
        ABSOLUTE,
    );
    let reason = "the reference's own values are roots of rounding noise here";
    report.skip(CASE, "anomalib/anomaly_map, anomalib/topk_sqdist", reason);
    Ok(())
}

fn runtime_scores(bank: &Tensor) -> Result<Vec<f32>> {
    let (entries, channels) = bank.size2()?;
    let rows = Array2::from_shape_vec((entries as usize, channels as usize), host_values(bank)?)?;
    let neighbors = MemoryBank::new(rows.clone())?.nearest(&rows, 3)?;
    Ok(cfa_runtime::training_support::cfa::anomaly_map::softmin_scores(&neighbors).to_vec())
}

/// NaN when a value is not a number.
fn largest_difference(ours: &[f32], theirs: &[f32]) -> f64 {
    let pairs = ours.iter().zip(theirs);
    let differences = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    differences.fold(0.0, |m: f64, d| if d.is_nan() || d > m { d } else { m })
}
