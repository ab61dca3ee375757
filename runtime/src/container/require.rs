//! Conditions on the settings of a bundle.

use ndarray::Array2;

use super::BundleProblem;

/// Refuses `field` with `reason` unless the condition holds.
pub(crate) fn require(
    holds: bool,
    field: &str,
    reason: impl FnOnce() -> String,
) -> Result<(), BundleProblem> {
    if holds {
        return Ok(());
    }
    Err(BundleProblem::Setting {
        field: field.to_owned(),
        reason: reason(),
    })
}

/// Refuses a part that holds NaN or an infinity.
pub(crate) fn require_finite(values: &Array2<f32>, part: &str) -> Result<(), BundleProblem> {
    let anomalous = values.indexed_iter().find(|(_, value)| !value.is_finite());
    anomalous.map_or(Ok(()), |(place, value)| {
        require(false, part, || {
            format!("holds {value} at {place:?} (row, column)")
        })
    })
}
