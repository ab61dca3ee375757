//! Loss, gradients and optimiser steps.

mod loss_table;
mod repulsion;
mod run;
mod switches;

use anyhow::Result;
use tch::Tensor;

use crate::case::{Case, Pooled};
use crate::reference::Reference;
use crate::report::Report;
use run::Run;

/// Golden README.
const LOSS: f64 = 1e-5;
const GRADIENT: f64 = 1e-4;

pub(crate) fn run(
    case: &Case<'_>,
    bank: &Tensor,
    train: &Pooled,
    report: &mut Report<'_>,
) -> Result<()> {
    if case.reference == Reference::Anomalib {
        loss_table::compare(case, bank, report)?;
    }
    let constant = Run::new(case, "train_r1e-5", case.settings.radius);
    constant.compare(bank, train, report)?;
    if let Some(radius) = case.settings.radius_big {
        let big = Run::new(case, "train_rbig", radius);
        big.compare(bank, train, report)?;
    }
    Ok(())
}
