//! Three steps of a reference's training.

use anyhow::{Context, Result};
use cfa_train::cfa::descriptor::Descriptor;
use cfa_train::cfa::loss::CfaLoss;
use cfa_train::cfa::neighbors::rows;
use cfa_train::tensor::host_values;
use cfa_train::training::optimizer::AdamW;
use tch::{Kind, Tensor};

use super::repulsion::{deviates, loss_by_the_references_rule};
use super::switches::{FirstStep, Switches, error_beyond};
use super::{GRADIENT, LOSS};
use crate::case::{Case, Pooled};
use crate::report::{Report, relative_error, relative_rms};

/// METHOD.md, section 1.
const LEARNING_RATE: f64 = 1e-3;
const WEIGHT_DECAY: f64 = 5e-4;

/// `AdamW` divides every gradient by its own running magnitude, so the step of an
/// element whose gradient is near zero is decided by rounding. Hence the weights are
/// compared by root mean square (not stepping at all would be off by 3e-2), and what
/// follows from them with more room: the step after next follows a loss that jumps
/// tenfold. Seen: 8e-8 and 2e-5; losses 5e-6 and 1e-3.
const WEIGHTS_AFTER_STEPS: [f64; 3] = [1e-6, 1e-5, 1e-4];
const LOSS_OF_STEPS: [f64; 3] = [LOSS, 1e-4, 1e-2];
/// The bound for an element that may turn: two learning rates, and the rounding of their difference.
const TURN: f64 = 1.001;
/// When hinges or near ties fell the other way, the steps of elements with small gradients turn.
const WEIGHTS_AFTER_A_FLIP: f64 = 1e-2;
const LOSS_AFTER_A_FLIP: f64 = 1e-2;
/// The gradient of r is the share of active pairs times 2000·r, and a step changes r by
/// 1e-3: f32 there, and a share that may flip by a pair of thousands.
const RADIUS_AFTER_STEPS: f64 = 1e-4;

/// A training of the reference.
pub(super) struct Run<'a> {
    case: &'a Case<'a>,
    /// The run in the names of the tensors.
    key: &'static str,
    loss: CfaLoss,
}

/// What is known of the first step, to judge the weights after it.
struct First {
    switches: Switches,
    /// The gradients of weight and bias.
    gradients: Vec<Vec<f32>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(case: &'a Case<'a>, key: &'static str, radius: f64) -> Self {
        let loss = CfaLoss {
            neighbors: case.settings.neighbors,
            hard_negatives: case.settings.hard_negatives,
            radius,
        };
        Self { case, key, loss }
    }

    pub(super) fn compare(
        &self,
        bank: &Tensor,
        train: &Pooled,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let losses = self.trace("losses");
        if losses.is_empty() {
            return Ok(());
        }
        let (descriptor, radius) = (self.case.descriptor()?, self.radius()?);
        let mut parameters = descriptor.parameters().to_vec();
        parameters.extend(self.case.reference.trains_radius().then_some(&radius));
        let mut optimizer = AdamW::new(&parameters, LEARNING_RATE, WEIGHT_DECAY)?;
        let (mut flipped, mut first) = (false, None);
        for (step, tolerance) in LOSS_OF_STEPS.into_iter().enumerate() {
            let patches = self.patches(&descriptor, train, step)?;
            let loss = self.loss(&patches, bank, &radius)?;
            let tolerance = if flipped {
                LOSS_AFTER_A_FLIP
            } else {
                tolerance
            };
            if let Some(&theirs) = losses.get(step) {
                let ours = loss.f_to_kind(Kind::Double)?.f_double_value(&[])?;
                let error = (ours - theirs).abs() / theirs.abs();
                self.error(
                    &format!("loss of step {}", step + 1),
                    error,
                    tolerance,
                    report,
                );
            }
            if step == 0 {
                let learned = descriptor.parameters();
                let switches = Switches::find(&patches, bank, &self.loss, &learned)?;
                loss.f_backward()?;
                flipped = self.compare_gradients(&parameters, &switches, report)?;
                let gradient = |parameter: &&Tensor| host_values(&parameter.f_grad()?);
                let gradients = learned.iter().map(gradient).collect::<Result<_, _>>()?;
                first = Some(First {
                    switches,
                    gradients,
                });
            } else {
                loss.f_backward()?;
            }
            optimizer.step(&parameters)?;
            self.compare_radius(&radius, step, report)?;
            match (step, &first) {
                (0, Some(first)) => {
                    flipped |= self.compare_first_weights(&descriptor, first, report)?;
                }
                (2, _) => self.compare_weights(&descriptor, step + 1, flipped, report)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// One value a step.
    fn trace(&self, name: &str) -> Vec<f64> {
        let prefix = self.case.reference.prefix();
        self.case
            .settings
            .trace(&format!("{prefix}/{}/{name}", self.key))
    }

    fn radius(&self) -> Result<Tensor> {
        let radius = Tensor::f_from_slice(&[self.loss.radius as f32])?;
        Ok(radius.set_requires_grad(self.case.reference.trains_radius()))
    }

    fn quantity(&self, what: &str) -> String {
        let rule = if deviates(&self.loss) {
            " [reference's rule: repulsion from index J]"
        } else {
            ""
        };
        let reference = self.case.reference;
        reference.label(&format!("{}{rule}: {what}", self.key))
    }

    fn error(&self, what: &str, error: f64, tolerance: f64, report: &mut Report<'_>) {
        report.error(self.case.name, &self.quantity(what), error, tolerance);
    }

    /// φ of the batch that belongs to a step, one row a patch.
    fn patches(&self, descriptor: &Descriptor, train: &Pooled, step: usize) -> Result<Tensor> {
        let batches = &self.case.settings.train_batches;
        let index = step % batches.len();
        let first: usize = batches[..index].iter().sum();
        let mut batch = Vec::new();
        for map in train {
            batch.push(map.f_narrow(0, first as i64, batches[index] as i64)?);
        }
        let batch: Pooled = batch.try_into().ok().context("three maps")?;
        Ok(rows(&descriptor.forward(&batch)?)?)
    }

    fn loss(&self, patches: &Tensor, bank: &Tensor, radius: &Tensor) -> Result<Tensor> {
        if deviates(&self.loss) {
            return loss_by_the_references_rule(&self.loss, patches, bank, radius);
        }
        Ok(self.loss.forward_with_radius(patches, bank, radius)?.total)
    }

    /// The gradients of weight and bias, and of r where it is trained. Where a gradient is farther off
    /// than rounding, switches must explain it; says whether that was so.
    fn compare_gradients(
        &self,
        parameters: &[&Tensor],
        switches: &Switches,
        report: &mut Report<'_>,
    ) -> Result<bool> {
        let mut flipped = false;
        for (i, name) in ["weight", "bias", "r"]
            .iter()
            .enumerate()
            .take(parameters.len())
        {
            let path = self.path(&format!("step0/grad_{name}"));
            let Some(golden) = self.case.archive.whole_or_first_rows(&path) else {
                continue;
            };
            let ours = host_values(&parameters[i].f_grad()?)?;
            let ours = &ours[..golden.values.len().min(ours.len())];
            let mut error = relative_error(ours, &golden.values);
            let mut what = format!("gradient of {name}");
            if error > GRADIENT && !switches.is_empty() {
                flipped = true;
                what = format!("{what} {}", switches.describe());
                let radius_bound = [switches.radius_bound];
                let bounds = switches.bounds.get(i).map_or(&radius_bound[..], |b| b);
                error = error_beyond(ours, &golden.values, bounds);
            }
            self.error(&what, error, GRADIENT, report);
        }
        Ok(flipped)
    }

    fn compare_radius(&self, radius: &Tensor, step: usize, report: &mut Report<'_>) -> Result<()> {
        if let Some(theirs) = self.trace("r").get(step) {
            let ours = radius.f_double_value(&[0])?;
            let error = (ours - theirs).abs() / theirs.abs();
            let what = format!("radius after {} steps", step + 1);
            self.error(&what, error, RADIUS_AFTER_STEPS, report);
        }
        Ok(())
    }

    /// Where the weights are farther off than rounding, elements whose gradient a switch may
    /// turn must explain it; says whether that was so.
    fn compare_first_weights(
        &self,
        descriptor: &Descriptor,
        first: &First,
        report: &mut Report<'_>,
    ) -> Result<bool> {
        let (tolerance, mut turned) = (WEIGHTS_AFTER_STEPS[0], false);
        let parameters = descriptor.parameters();
        for (i, name) in ["weight", "bias"].iter().enumerate() {
            let path = self.path(&format!("after1/{name}"));
            let Some(golden) = self.case.archive.whole_or_first_rows(&path) else {
                continue;
            };
            let ours = host_values(parameters[i])?;
            let ours = &ours[..golden.values.len().min(ours.len())];
            let what = format!("{name} after 1 steps");
            let error = relative_rms(ours, &golden.values);
            let (gradient, bounds) = (&first.gradients[i], &first.switches.bounds[i]);
            let step = FirstStep::compare(ours, &golden.values, gradient, bounds, LEARNING_RATE);
            if error <= tolerance || step.may_turn == 0 {
                self.error(&what, error, tolerance, report);
                continue;
            }
            turned = true;
            let switches = first.switches.describe();
            self.error(
                &format!("{what} {switches}"),
                step.of_others,
                tolerance,
                report,
            );
            let what = format!("{name}, {} elements that may turn, in turns", step.may_turn);
            self.error(&what, step.of_those, TURN, report);
        }
        Ok(turned)
    }

    fn compare_weights(
        &self,
        descriptor: &Descriptor,
        steps: usize,
        flipped: bool,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let tolerance = if flipped {
            WEIGHTS_AFTER_A_FLIP
        } else {
            WEIGHTS_AFTER_STEPS[steps - 1]
        };
        for (name, parameter) in ["weight", "bias"].iter().zip(descriptor.parameters()) {
            let path = self.path(&format!("after{steps}/{name}"));
            if let Some(golden) = self.case.archive.whole_or_first_rows(&path) {
                let ours = host_values(parameter)?;
                let ours = &ours[..golden.values.len().min(ours.len())];
                let error = relative_rms(ours, &golden.values);
                let what = format!("{name} after {steps} steps");
                self.error(&what, error, tolerance, report);
            }
        }
        Ok(())
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.case.reference.prefix(), self.key)
    }
}
