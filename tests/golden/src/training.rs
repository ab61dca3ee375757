//! Loss, gradients and optimiser steps.

use anyhow::{Context, Result};
use cfa_train::descriptor::Descriptor;
use cfa_train::loss::CfaLoss;
use cfa_train::neighbors::{nearest, rows, squared_distance};
use cfa_train::optimizer::AdamW;
use cfa_train::tensor::host_values;
use tch::{Tensor, no_grad};

use crate::case::{Case, Pooled};
use crate::report::{Report, relative_rms};

/// SPEC 1.
const LEARNING_RATE: f64 = 1e-3;
const WEIGHT_DECAY: f64 = 5e-4;

/// Whether the reference's repulsion, which starts at index J instead of K, makes a
/// difference.
fn deviates(loss: &CfaLoss) -> bool {
    loss.neighbors != loss.hard_negatives && loss.can_repel()
}

/// The reference's slice over our own distances: repulsion from index J on.
fn loss_by_the_references_rule(loss: &CfaLoss, rows: &Tensor, bank: &Tensor) -> Result<Tensor> {
    const ALPHA: f64 = 0.1;
    let index = nearest(rows, bank, loss.entries())?;
    let distances = (0..loss.entries() as i64)
        .map(|k| squared_distance(rows, bank, &index.f_select(2, k)?))
        .collect::<Result<Vec<_>, _>>()?;
    let distances = Tensor::f_stack(&distances, 2)?;
    let squared_radius = loss.radius * loss.radius;
    let (k, j) = (loss.neighbors as i64, loss.hard_negatives as i64);
    let attracted = distances.f_narrow(2, 0, k)?.f_sub_scalar(squared_radius)?;
    let repelled = distances
        .f_narrow(2, j, k)?
        .f_neg()?
        .f_add_scalar(squared_radius - ALPHA)?;
    let mean = |x: Tensor| x.f_relu()?.f_mean(tch::Kind::Float);
    Ok(mean(attracted)?
        .f_add(&mean(repelled)?)?
        .f_mul_scalar(1e3)?)
}

/// Golden README.
const LOSS: f64 = 1e-5;
const GRADIENT: f64 = 1e-4;
/// A hinge that sits on its edge may flip (golden README).
const GRADIENT_AT_HINGES: f64 = 1e-2;

pub(crate) fn run(
    case: &Case<'_>,
    bank: &Tensor,
    train: &Pooled,
    report: &mut Report<'_>,
) -> Result<()> {
    compare_loss_table(case, bank, report)?;
    let settings = case.settings;
    let constant = Run {
        label: "train_r1e-5",
        key: "train_r1e-5",
        radius: settings.radius,
        losses: &settings.losses,
        gradient_tolerance: GRADIENT,
    };
    constant.compare(case, bank, train, report)?;
    let Some(radius) = settings.radius_big else {
        return Ok(());
    };
    let big = Run {
        label: if settings.neighbors == settings.hard_negatives {
            "train_rbig"
        } else {
            "train_rbig [reference's rule: repulsion from index J]"
        },
        key: "train_rbig",
        radius,
        losses: &settings.losses_big_radius,
        gradient_tolerance: GRADIENT_AT_HINGES,
    };
    big.compare(case, bank, train, report)
}

/// The manifest's losses of the test pictures for several K, J and r.
fn compare_loss_table(case: &Case<'_>, bank: &Tensor, report: &mut Report<'_>) -> Result<()> {
    let descriptor = case.descriptor()?;
    let phi = no_grad(|| {
        descriptor
            .forward(&case.pooled("test_u8")?)
            .map_err(anyhow::Error::from)
    })?;
    for row in &case.settings.loss_table {
        let loss = CfaLoss {
            neighbors: row.neighbors,
            hard_negatives: row.hard_negatives,
            radius: row.radius,
        };
        let value = loss.forward(&rows(&phi)?, bank)?;
        let ours = [&value.attraction, &value.repulsion, &value.total].map(host_values);
        let [attraction, repulsion, total] = ours;
        let reference = [
            row.attraction,
            row.repulsion,
            1e3 * (row.attraction + row.repulsion),
        ];
        let scale = reference[0].abs() + reference[1].abs();
        let error = [
            attraction?,
            repulsion?,
            total?.iter().map(|v| v / 1e3).collect(),
        ]
        .iter()
        .zip([reference[0], reference[1], reference[2] / 1e3])
        .map(|(ours, theirs)| (f64::from(ours[0]) - theirs).abs() / scale)
        .fold(0.0, f64::max);
        let quantity = format!(
            "loss K={} J={} r={:.3} [repulsion from index K]",
            row.neighbors, row.hard_negatives, row.radius
        );
        report.error(case.name, &quantity, error, LOSS);
        if deviates(&loss) {
            let theirs = loss_by_the_references_rule(&loss, &rows(&phi)?, bank)?;
            let error = (f64::from(host_values(&theirs)?[0]) - row.reference).abs() / row.reference;
            let quantity = format!(
                "loss K={} J={} r={:.3} [reference's rule: from index J]",
                row.neighbors, row.hard_negatives, row.radius
            );
            report.error(case.name, &quantity, error, LOSS);
        }
    }
    Ok(())
}

/// `AdamW` divides every gradient by its own running magnitude, so the step of an
/// element whose gradient is near zero is decided by rounding. Hence the weights are
/// compared by root mean square (not stepping at all would be off by 3e-2), and what
/// follows from them with more room: the step after next follows a loss that jumps
/// tenfold. Seen: 8e-8 and 2e-5; losses 5e-6 and 1e-3.
const WEIGHTS_AFTER_STEPS: [f64; 3] = [1e-6, 1e-5, 1e-4];
const LOSS_OF_STEPS: [f64; 3] = [LOSS, 1e-4, 1e-2];

/// One training of the reference.
struct Run<'a> {
    label: &'static str,
    /// The run in the names of the tensors.
    key: &'static str,
    radius: f64,
    losses: &'a [f64],
    gradient_tolerance: f64,
}

impl Run<'_> {
    fn compare(
        &self,
        case: &Case<'_>,
        bank: &Tensor,
        train: &Pooled,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let descriptor = case.descriptor()?;
        let mut optimizer = AdamW::new(&descriptor.parameters(), LEARNING_RATE, WEIGHT_DECAY)?;
        for (step, tolerance) in LOSS_OF_STEPS.into_iter().enumerate() {
            let loss = self.forward(case, &descriptor, bank, train, step)?;
            if let Some(&theirs) = self.losses.get(step) {
                let ours = loss.f_to_kind(tch::Kind::Double)?.f_double_value(&[])?;
                let error = (ours - theirs).abs() / theirs.abs();
                let quantity = self.quantity(&format!("loss of step {}", step + 1));
                report.error(case.name, &quantity, error, tolerance);
            }
            loss.f_backward()?;
            if step == 0 {
                self.compare_gradients(case, &descriptor, report)?;
            }
            optimizer.step(&descriptor.parameters())?;
            if step != 1 {
                self.compare_weights(case, &descriptor, step + 1, report)?;
            }
        }
        Ok(())
    }

    fn quantity(&self, what: &str) -> String {
        format!("{}: {what}", self.label)
    }

    fn forward(
        &self,
        case: &Case<'_>,
        descriptor: &Descriptor,
        bank: &Tensor,
        train: &Pooled,
        step: usize,
    ) -> Result<Tensor> {
        let batches = &case.settings.train_batches;
        let index = step % batches.len();
        let first: usize = batches[..index].iter().sum();
        let mut batch = Vec::new();
        for map in train {
            batch.push(map.f_narrow(0, first as i64, batches[index] as i64)?);
        }
        let batch: Pooled = batch.try_into().ok().context("three maps")?;
        let loss = CfaLoss {
            neighbors: case.settings.neighbors,
            hard_negatives: case.settings.hard_negatives,
            radius: self.radius,
        };
        let patches = rows(&descriptor.forward(&batch)?)?;
        if deviates(&loss) {
            return loss_by_the_references_rule(&loss, &patches, bank);
        }
        Ok(loss.forward(&patches, bank)?.total)
    }

    fn compare_gradients(
        &self,
        case: &Case<'_>,
        descriptor: &Descriptor,
        report: &mut Report<'_>,
    ) -> Result<()> {
        for (name, parameter) in ["weight", "bias"].iter().zip(descriptor.parameters()) {
            let path = format!("anomalib/{}/step0/grad_{name}", self.key);
            if let Some(golden) = case.archive.whole_or_first_rows(&path) {
                let ours = host_values(&parameter.f_grad()?)?;
                let quantity = self.quantity(&format!("gradient of {name}"));
                let ours = &ours[..golden.values.len().min(ours.len())];
                report.compare(
                    case.name,
                    &quantity,
                    ours,
                    &golden.values,
                    self.gradient_tolerance,
                );
            }
        }
        Ok(())
    }

    fn compare_weights(
        &self,
        case: &Case<'_>,
        descriptor: &Descriptor,
        steps: usize,
        report: &mut Report<'_>,
    ) -> Result<()> {
        for (name, parameter) in ["weight", "bias"].iter().zip(descriptor.parameters()) {
            let path = format!("anomalib/{}/after{steps}/{name}", self.key);
            if let Some(golden) = case.archive.whole_or_first_rows(&path) {
                let ours = host_values(parameter)?;
                let quantity = self.quantity(&format!("{name} after {steps} steps"));
                let ours = &ours[..golden.values.len().min(ours.len())];
                let error = relative_rms(ours, &golden.values);
                report.error(case.name, &quantity, error, WEIGHTS_AFTER_STEPS[steps - 1]);
            }
        }
        Ok(())
    }
}
