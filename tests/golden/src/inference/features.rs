//! Input, feature maps, patches and φ.

use anyhow::Result;
use cfa_train::cfa::neighbors::rows;
use cfa_train::tensor;
use tch::Tensor;

use crate::archive::Golden;
use crate::case::{Case, Pooled};
use crate::report::Report;

/// Golden README: features 1e-4, φ 2e-5, relative to the reference's maximum.
const FEATURES: f64 = 1e-4;
const PHI: f64 = 2e-5;

pub(super) fn compare(case: &Case<'_>, input: &Tensor, report: &mut Report<'_>) -> Result<()> {
    if let Some(golden) = case.archive.find("test_input") {
        let ours = tensor::host_values(input)?;
        report.compare(case.name, "normalised input", &ours, &golden.values, 1e-6);
    }
    for (i, map) in case.features(input)?.iter().enumerate() {
        let name = format!("feat{}", i + 1);
        case.compare(&name, &name, map, FEATURES, report)?;
    }
    Ok(())
}

/// Pooled, upsampled and concatenated maps: what the reference forms and our
/// descriptor avoids.
pub(super) fn compare_patch(
    case: &Case<'_>,
    pooled: &Pooled,
    report: &mut Report<'_>,
) -> Result<()> {
    let (_, _, h, w) = pooled[0].size4()?;
    let upsampled = pooled.iter().map(|map| {
        map.f_narrow(0, 0, 1)?
            .f_upsample_bilinear2d([h, w], false, None, None)
    });
    let patch = Tensor::f_cat(&upsampled.collect::<Result<Vec<_>, _>>()?, 1)?;
    case.compare("patch_img0", "pooled patches", &patch, FEATURES, report)
}

/// φ whole, or the dumped rows of the first picture.
pub(super) fn compare_phi(
    case: &Case<'_>,
    what: &str,
    phi: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    case.compare("phi", what, phi, PHI, report)?;
    if let Some(index) = case.archive.find("rows") {
        let some = selected_rows(&rows(phi)?.f_get(0)?, index)?;
        let quantity = format!("{what}, some rows");
        case.compare("phi_rows_img0", &quantity, &some, PHI, report)?;
    }
    Ok(())
}

/// The rows of a matrix that a dumped index names.
pub(super) fn selected_rows(matrix: &Tensor, index: &Golden) -> Result<Tensor> {
    let index: Vec<i64> = index.values.iter().map(|&v| v as i64).collect();
    Ok(matrix.f_index_select(0, &Tensor::f_from_slice(&index)?)?)
}
