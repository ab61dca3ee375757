//! Squared distances to the memory bank.

use anyhow::{Context, Result};
use cfa_train::cfa::neighbors::{rows, smallest_squared_distances, squared_distance};
use cfa_train::tensor::host_values;
use ndarray::Array2;
use tch::{TchError, Tensor};

use super::features::selected_rows;
use super::runtime_bank;
use crate::case::Case;
use crate::report::Report;

/// Golden README: relative to the reference's maximum.
const SQUARED_DISTANCE: f64 = 2e-5;

pub(super) fn compare(
    case: &Case<'_>,
    phi: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let patches = rows(phi)?;
    if let Some(index) = case.archive.find("rows") {
        let some = selected_rows(&patches.f_get(0)?, index)?;
        let ours = to_all_entries(&some, bank)?;
        let name = "distance_rows_img0";
        case.compare(name, "d², some rows", &ours, SQUARED_DISTANCE, report)?;
    }
    let Some(golden) = case.stored("topk_sqdist") else {
        return Ok(());
    };
    let count = golden.shape.last().copied().context("topk_sqdist")?;
    let expected = &golden.values;
    let (squared, index) = smallest_squared_distances(&patches, bank, count)?;
    let mut compare = |quantity: &str, ours: &[f32]| {
        let quantity = case.reference.label(quantity);
        report.compare(case.name, &quantity, ours, expected, SQUARED_DISTANCE);
    };
    compare("K+J nearest d², libtorch", &host_values(&squared)?);
    let theirs = by_the_runtime(&patches, bank, count)?;
    compare("K+J nearest d², runtime", &theirs);
    compare_entries(case, &patches, bank, &index, report)
}

fn to_all_entries(some: &Tensor, bank: &Tensor) -> Result<Tensor> {
    let apart = some.f_unsqueeze(1)?.f_sub(&bank.f_unsqueeze(0)?)?;
    Ok(apart.f_square()?.f_sum_dim_intlist(2_i64, false, None)?)
}

/// Which entries are nearest; where the order differs the distances must tie.
fn compare_entries(
    case: &Case<'_>,
    patches: &Tensor,
    bank: &Tensor,
    index: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let Some(golden) = case.stored("topk_index") else {
        return Ok(());
    };
    let theirs: Vec<i64> = golden.values.iter().map(|&v| v as i64).collect();
    let theirs = Tensor::f_from_slice(&theirs)?.f_reshape(index.size())?;
    let count = golden.shape.last().copied().unwrap_or(0) as i64;
    let distances = |index: &Tensor| -> Result<Vec<f32>> {
        let columns: Result<Vec<_>, TchError> = (0..count)
            .map(|k| squared_distance(patches, bank, &index.f_select(2, k)?))
            .collect();
        Ok(host_values(&Tensor::f_stack(&columns?, 2)?)?)
    };
    let (ours, theirs) = (distances(index)?, distances(&theirs)?);
    let quantity = case.reference.label("K+J nearest entries [ties aside]");
    report.compare(case.name, &quantity, &ours, &theirs, SQUARED_DISTANCE);
    Ok(())
}

fn by_the_runtime(patches: &Tensor, bank: &Tensor, count: usize) -> Result<Vec<f32>> {
    let bank = runtime_bank(bank)?;
    let (images, positions, channels) = patches.size3()?;
    let mut all = Vec::new();
    for image in 0..images {
        let values = host_values(&patches.f_get(image)?)?;
        let matrix = Array2::from_shape_vec((positions as usize, channels as usize), values)?;
        all.extend(bank.nearest(&matrix, count)?.squared_distances);
    }
    Ok(all)
}
