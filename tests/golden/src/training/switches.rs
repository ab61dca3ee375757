//! What rounding may decide in a first step: hinges that sit on their edge, and entries that
//! are nearly as far away as the next. A reference takes |φ|² + |c|² − 2φ·c, which rounds
//! otherwise than a sum of squared differences.
//!
//! Each such term can be switched or not, so the gradients of two right programs differ by
//! at most the sum of what the switches change, element by element.

use anyhow::Result;
use cfa_train::cfa::loss::CfaLoss;
use cfa_train::cfa::neighbors::{nearest, squared_distance};
use cfa_train::tensor::host_values;
use tch::{Tensor, no_grad};

use super::repulsion::{ALPHA, Ranks};

/// Rounding of a sum of three terms of the size of |φ|² + |c|², each itself a sum: a few
/// units in the last place.
const ROUNDING: f64 = 4.0 * f32::EPSILON as f64;
/// Rounding of φ and of the bank's entries on their way through the backbone, as a fraction
/// of the largest value; seen: 1.6e-6.
const FEATURE_ROUNDING: f64 = 2e-6;
/// More switches than this are no longer an explanation; the nearest ones count.
const MOST: usize = 16;
/// The factor 1/ν of the loss.
const SCALE: f64 = 1e3;

/// The terms that may be switched, and what that changes.
#[derive(Debug, Default)]
pub(super) struct Switches {
    /// Hinges on their edge.
    pub(super) hinges: usize,
    /// Pairs of entries that are nearly as far away.
    pub(super) ties: usize,
    /// For each parameter and each of its elements the largest difference of the gradient.
    pub(super) bounds: Vec<Vec<f64>>,
    /// The bound of the radius.
    pub(super) radius_bound: f64,
}

/// A term that rounding may switch.
struct Switch {
    kind: Kind,
    patch: usize,
    /// The rank of the entry, or of the nearer one of two.
    rank: usize,
    /// What it has in the mean over the ranks.
    share: f64,
    /// Distance from the edge, as a fraction of what rounding can bridge.
    nearness: f64,
}

enum Kind {
    /// A hinge may be open or closed.
    Hinge,
    /// Two entries may be exchanged.
    Tie,
}

/// Squared distances of all patches to their nearest entries.
struct Distances {
    /// By rank, differentiable, one value a patch.
    tensors: Vec<Tensor>,
    /// These values on the host.
    values: Vec<Vec<f32>>,
    /// |φ|² of each patch.
    norms: Vec<f64>,
    /// Length of what rounding adds to φ − c.
    displacement: f64,
}

impl Switches {
    /// The switches of the loss of `rows` (N×P×D) against `bank` (M×D), which depends on
    /// `parameters`.
    pub(super) fn find(
        rows: &Tensor,
        bank: &Tensor,
        loss: &CfaLoss,
        parameters: &[&Tensor],
    ) -> Result<Self> {
        let ranks = Ranks::new(loss);
        let distances = Distances::new(rows, bank, ranks.end() + 1)?;
        let sizes = parameters.iter().map(|parameter| parameter.numel());
        let mut found = Self {
            bounds: sizes.map(|size| vec![0.0; size]).collect(),
            ..Self::default()
        };
        let patches = distances.norms.len();
        let mut switches: Vec<Switch> = (0..patches)
            .flat_map(|patch| distances.of_patch(patch, loss, &ranks))
            .collect();
        switches.sort_by(|a, b| a.nearness.total_cmp(&b.nearness));
        for switch in switches.iter().take(MOST) {
            let share = SCALE * switch.share / patches as f64;
            let at = |rank: usize| distances.tensors[rank].f_get(switch.patch as i64);
            let change = match switch.kind {
                Kind::Hinge => {
                    found.hinges += 1;
                    found.radius_bound += 2.0 * loss.radius * share;
                    at(switch.rank)?
                }
                Kind::Tie => {
                    found.ties += 1;
                    at(switch.rank + 1)?.f_sub(&at(switch.rank)?)?
                }
            };
            found.add(&change.f_mul_scalar(share)?, parameters)?;
        }
        Ok(found)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hinges + self.ties == 0
    }

    /// What a line says that is only right within the bounds.
    pub(super) fn describe(&self) -> String {
        let Self { hinges, ties, .. } = self;
        format!("[within {hinges} hinges on their edge and {ties} near ties]")
    }

    fn add(&mut self, change: &Tensor, parameters: &[&Tensor]) -> Result<()> {
        let gradients = Tensor::f_run_backward(&[change], parameters, true, false)?;
        for (bounds, gradient) in self.bounds.iter_mut().zip(gradients) {
            let gradient = host_values(&gradient.f_to_kind(tch::Kind::Float)?)?;
            for (bound, value) in bounds.iter_mut().zip(gradient) {
                *bound += f64::from(value).abs();
            }
        }
        Ok(())
    }
}

impl Distances {
    fn new(rows: &Tensor, bank: &Tensor, count: usize) -> Result<Self> {
        let count = count.min(bank.size()[0] as usize);
        let index = nearest(rows, bank, count)?;
        let to = |rank: i64| -> Result<Tensor> {
            let distance = squared_distance(rows, bank, &index.f_select(2, rank)?)?;
            Ok(distance.f_flatten(0, -1)?)
        };
        let tensors = (0..count as i64).map(to).collect::<Result<Vec<_>>>()?;
        let values = tensors.iter().map(host_values).collect::<Result<_, _>>()?;
        let norms = no_grad(|| {
            let norms = rows.f_square()?.f_sum_dim_intlist(2_i64, false, None)?;
            norms.f_flatten(0, -1)
        })?;
        let norms = host_values(&norms)?.into_iter().map(f64::from).collect();
        let largest = f64::from(host_values(&no_grad(|| rows.f_abs()?.f_max())?)?[0]);
        let channels = bank.size()[1] as f64;
        Ok(Self {
            tensors,
            values,
            norms,
            displacement: FEATURE_ROUNDING * largest * channels.sqrt(),
        })
    }

    fn at(&self, rank: usize, patch: usize) -> Option<f64> {
        Some(f64::from(*self.values.get(rank)?.get(patch)?))
    }

    /// What rounding may add to or take from a squared distance of a patch: that of the sum,
    /// and 2 (φ − c)·δ for a displacement δ of φ − c.
    fn noise(&self, patch: usize, squared_distance: f64) -> f64 {
        2.0 * ROUNDING * self.norms[patch] + 2.0 * squared_distance.sqrt() * self.displacement
    }

    /// The hinges of a patch that rounding may open or close, and the neighbouring ranks that
    /// it may exchange where that changes the loss.
    fn of_patch(&self, patch: usize, loss: &CfaLoss, ranks: &Ranks) -> Vec<Switch> {
        let reach = loss.radius.powi(2);
        let attracted = ranks.attracted.clone();
        let attracted = attracted.map(|rank| (rank, reach, ranks.attracted_share()));
        let repelled = ranks.repelled.clone();
        let repelled = repelled.map(|rank| (rank, reach - ALPHA, ranks.repelled_share()));
        let hinge = |(rank, edge, share): (usize, f64, f64)| {
            let distance = self.at(rank, patch)?;
            let noise = self.noise(patch, distance) + ROUNDING * reach;
            Some(Switch {
                kind: Kind::Hinge,
                patch,
                rank,
                share,
                nearness: (distance - edge).abs() / noise,
            })
        };
        let tie = |rank: usize| {
            let (near, far) = (self.at(rank, patch)?, self.at(rank + 1, patch)?);
            let slope = |rank: usize, distance: f64| ranks.slope(rank, distance, loss.radius);
            Some(Switch {
                kind: Kind::Tie,
                patch,
                rank,
                share: (slope(rank, near) - slope(rank + 1, far)).abs(),
                nearness: (far - near) / self.noise(patch, far),
            })
        };
        let hinges = attracted.chain(repelled).filter_map(hinge);
        let ties = (0..ranks.end()).filter_map(tie);
        let near = |switch: &Switch| switch.nearness <= 1.0 && switch.share > 0.0;
        hinges.chain(ties).filter(near).collect()
    }
}

/// Largest difference beyond the bounds, as a fraction of the largest reference value; NaN
/// when the lengths differ or a value is not a number.
pub(super) fn error_beyond(ours: &[f32], reference: &[f32], bounds: &[f64]) -> f64 {
    if ours.len() != reference.len() || bounds.len() < ours.len() || ours.is_empty() {
        return f64::NAN;
    }
    let largest = reference.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    let pairs = ours.iter().zip(reference).zip(bounds);
    let beyond = pairs.map(|((&a, &b), bound)| (f64::from(a) - f64::from(b)).abs() - bound);
    // `f64::max` would drop a NaN.
    let worst = beyond.fold(0.0_f64, |m, d| if d.is_nan() || d > m { d } else { m });
    worst / f64::from(largest).max(f64::MIN_POSITIVE)
}

/// Weights after a first step of `AdamW`, which is the learning rate times the sign of the
/// gradient: where a switch may turn that sign, two right programs lie up to twice the
/// learning rate apart, and elsewhere they agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FirstStep {
    /// Elements whose gradient a switch may turn.
    pub(super) may_turn: usize,
    /// Their largest difference, in steps there and back: at most 1.
    pub(super) of_those: f64,
    /// Root mean square of the difference of all others, as a fraction of that of the
    /// reference.
    pub(super) of_others: f64,
}

impl FirstStep {
    pub(super) fn compare(
        ours: &[f32],
        reference: &[f32],
        gradient: &[f32],
        bounds: &[f64],
        learning_rate: f64,
    ) -> Self {
        let mut step = Self {
            may_turn: 0,
            of_those: 0.0,
            of_others: f64::NAN,
        };
        let shortest = gradient.len().min(bounds.len());
        if ours.len() != reference.len() || shortest < ours.len() {
            return step;
        }
        let (mut others, mut scale) = (0.0, 0.0);
        let pairs = ours.iter().zip(reference).zip(gradient.iter().zip(bounds));
        for ((&a, &b), (&slope, &bound)) in pairs {
            let apart = (f64::from(a) - f64::from(b)).abs();
            scale += f64::from(b).powi(2);
            if bound > 0.0 && f64::from(slope).abs() <= bound {
                step.may_turn += 1;
                let turns = apart / (2.0 * learning_rate);
                step.of_those = if turns.is_nan() {
                    turns
                } else {
                    step.of_those.max(turns)
                };
            } else {
                others += apart.powi(2);
            }
        }
        step.of_others = (others / scale).sqrt();
        step
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use cfa_train::training::optimizer::AdamW;

    use super::super::GRADIENT;
    use super::*;

    const LEARNING_RATE: f64 = 1e-3;

    /// Six patches in four dimensions, each its own parameters, and entries around them.
    fn patches() -> (Tensor, Tensor) {
        let value = |i: i64, step: f32| (i as f32 * step).sin() * 3.0;
        let rows: Vec<f32> = (0..24).map(|i| value(i, 1.7)).collect();
        let bank: Vec<f32> = (0..40).map(|i| value(i, 2.9)).collect();
        let rows = Tensor::from_slice(&rows).reshape([1, 6, 4]);
        let bank = Tensor::from_slice(&bank).reshape([10, 4]);
        (rows.set_requires_grad(true), bank)
    }

    fn loss(radius: f64) -> CfaLoss {
        CfaLoss {
            neighbors: 3,
            hard_negatives: 3,
            radius,
        }
    }

    /// A radius whose square is the distance of the first patch to its nearest entry, and
    /// the radii next to it, with that hinge closed and open.
    fn radii(rows: &Tensor, bank: &Tensor) -> [f64; 3] {
        let index = nearest(rows, bank, 1).unwrap().select(2, 0);
        let distance = squared_distance(rows, bank, &index).unwrap();
        let edge = distance.double_value(&[0, 0]).sqrt();
        [edge * (1.0 + 3e-7), edge, edge * (1.0 - 3e-7)]
    }

    /// Gradient and the rows after one step, at a radius.
    fn first_step(radius: f64) -> (Vec<f32>, Vec<f32>) {
        let (rows, bank) = patches();
        let total = loss(radius).forward(&rows, &bank).unwrap().total;
        total.backward();
        let gradient = host_values(&rows.grad()).unwrap();
        let mut optimizer = AdamW::new(&[&rows], LEARNING_RATE, 0.0).unwrap();
        optimizer.step(&[&rows]).unwrap();
        (gradient, host_values(&rows).unwrap())
    }

    #[test]
    fn a_hinge_on_its_edge_explains_what_it_changes_and_nothing_else() {
        let (rows, bank) = patches();
        let [closed, edge, open] = radii(&rows, &bank);
        let found = Switches::find(&rows, &bank, &loss(edge), &[&rows]).unwrap();
        assert_eq!((found.hinges, found.ties), (1, 0));
        let (ours, moved) = first_step(closed);
        let (theirs, their_rows) = first_step(open);
        let bounds = &found.bounds[0];
        let plain = error_beyond(&ours, &theirs, &[0.0; 24]);
        assert!(plain > 10.0 * GRADIENT, "the hinge matters: {plain}");
        assert!(error_beyond(&ours, &theirs, bounds) <= GRADIENT);
        let step = FirstStep::compare(&moved, &their_rows, &ours, bounds, LEARNING_RATE);
        assert!(step.of_those <= 1.001 && step.of_others < 1e-6, "{step:?}");

        // An error of the same size in another patch is one.
        let mut wrong = ours.clone();
        wrong[8] += (plain * f64::from(theirs.iter().fold(0.0_f32, |m, v| m.max(v.abs())))) as f32;
        assert!(error_beyond(&wrong, &theirs, bounds) > GRADIENT);
        let mut turned = moved.clone();
        turned[8] += 2.0 * LEARNING_RATE as f32;
        let step = FirstStep::compare(&turned, &their_rows, &ours, bounds, LEARNING_RATE);
        assert!(step.of_others > 1e-5, "{step:?}");
    }

    /// A turned sign moves an element by two learning rates, and no farther.
    #[test]
    fn only_small_gradients_may_turn() {
        let (ours, theirs) = ([1.001, 2.0, 3.0], [0.999, 2.0, 3.0]);
        let compare = |ours: &[f32], gradient: &[f32]| {
            FirstStep::compare(ours, &theirs, gradient, &[0.1, 0.1, 0.0], LEARNING_RATE)
        };
        let step = compare(&ours, &[0.05, 5.0, 0.0]);
        assert_eq!(step.may_turn, 1);
        assert!(step.of_those < 1.001 && step.of_others < 1e-6, "{step:?}");
        assert!(compare(&ours, &[0.2, 5.0, 0.0]).of_others > 1e-6);
        assert!(compare(&[1.01, 2.0, 3.0], &[0.05, 5.0, 0.0]).of_those > 1.001);
        assert!(compare(&ours[..2], &[0.0; 3]).of_others.is_nan());
    }

    #[test]
    fn without_an_edge_nothing_may_differ() {
        let (rows, bank) = patches();
        let [closed, edge, _] = radii(&rows, &bank);
        let apart = loss(edge + 1e4 * (closed - edge));
        let found = Switches::find(&rows, &bank, &apart, &[&rows]).unwrap();
        assert!(found.is_empty(), "{found:?}");
    }
}
