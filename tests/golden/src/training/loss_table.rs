//! The manifest's losses of the test pictures for several K, J and r.

use anyhow::Result;
use cfa_train::cfa::loss::CfaLoss;
use cfa_train::cfa::neighbors::rows;
use cfa_train::tensor::host_values;
use tch::{Tensor, no_grad};

use super::LOSS;
use super::repulsion::{deviates, loss_by_the_references_rule};
use crate::case::Case;
use crate::manifest::LossRow;
use crate::report::Report;

pub(super) fn compare(case: &Case<'_>, bank: &Tensor, report: &mut Report<'_>) -> Result<()> {
    let descriptor = case.descriptor()?;
    let phi = no_grad(|| {
        descriptor
            .forward(&case.pooled("test_u8")?)
            .map_err(anyhow::Error::from)
    })?;
    let patches = rows(&phi)?;
    for row in &case.settings.loss_table {
        compare_row(case, row, &patches, bank, report)?;
    }
    Ok(())
}

fn compare_row(
    case: &Case<'_>,
    row: &LossRow,
    patches: &Tensor,
    bank: &Tensor,
    report: &mut Report<'_>,
) -> Result<()> {
    let loss = CfaLoss {
        neighbors: row.neighbors,
        hard_negatives: row.hard_negatives,
        radius: row.radius,
    };
    let quantity = |rule: &str| {
        let (k, j, r) = (row.neighbors, row.hard_negatives, row.radius);
        format!("loss K={k} J={j} r={r:.3} [{rule}]")
    };
    let error = largest_error(&loss, row, patches, bank)?;
    let ours = quantity("repulsion from index K");
    report.error(case.name, &ours, error, LOSS);
    if deviates(&loss) {
        let radius = Tensor::f_from_slice(&[row.radius as f32])?;
        let theirs = loss_by_the_references_rule(&loss, patches, bank, &radius)?;
        let error = (f64::from(host_values(&theirs)?[0]) - row.reference).abs() / row.reference;
        let rule = quantity("reference's rule: from index J");
        report.error(case.name, &rule, error, LOSS);
    }
    Ok(())
}

/// The errors of attraction, repulsion and total, relative to the total.
fn largest_error(loss: &CfaLoss, row: &LossRow, patches: &Tensor, bank: &Tensor) -> Result<f64> {
    let value = loss.forward(patches, bank)?;
    let scale = row.attraction.abs() + row.repulsion.abs();
    let pairs = [
        (&value.attraction, row.attraction),
        (&value.repulsion, row.repulsion),
        (
            &value.total.f_div_scalar(1e3)?,
            row.attraction + row.repulsion,
        ),
    ];
    let mut largest = 0.0_f64;
    for (ours, theirs) in pairs {
        let error = (f64::from(host_values(ours)?[0]) - theirs).abs() / scale;
        largest = if error.is_nan() {
            error
        } else {
            largest.max(error)
        };
    }
    Ok(largest)
}
