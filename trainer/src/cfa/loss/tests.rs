#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tch::Tensor;

use super::CfaLoss;
use crate::testing::{assert_close, f64_values, noise_tensor};

const N: usize = 2;
const P: usize = 6;
const D: usize = 3;
const M: usize = 8;

/// K ≠ J, and a radius that lets some of the entries attract and some repel.
const LOSS: CfaLoss = CfaLoss {
    neighbors: 2,
    hard_negatives: 3,
    radius: 0.8,
};

/// Squared distances of a row with the entries they belong to, nearest first.
fn ranked<'a>(row: &[f64], bank: &'a [f64]) -> Vec<(f64, &'a [f64])> {
    let squared = |entry: &[f64]| row.iter().zip(entry).map(|(a, b)| (a - b).powi(2)).sum();
    let mut all: Vec<(f64, &[f64])> = bank.chunks(D).map(|e| (squared(e), e)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// Attraction and repulsion, in f64, as written in the paper.
fn parts(loss: &CfaLoss, rows: &[f64], bank: &[f64]) -> (f64, f64) {
    let (k, j, r2) = (
        loss.neighbors,
        loss.hard_negatives,
        loss.radius * loss.radius,
    );
    let (mut attraction, mut repulsion) = (0.0, 0.0);
    for row in rows.chunks(D) {
        for (rank, (d2, _)) in ranked(row, bank).into_iter().enumerate() {
            if rank < k {
                attraction += (d2 - r2).max(0.0);
            } else if rank < k + j {
                repulsion += (r2 - d2 - 0.1).max(0.0);
            }
        }
    }
    let patches = (rows.len() / D) as f64;
    (
        attraction / (patches * k as f64),
        repulsion / (patches * j.max(1) as f64),
    )
}

fn total(loss: &CfaLoss, rows: &[f64], bank: &[f64]) -> f64 {
    let (attraction, repulsion) = parts(loss, rows, bank);
    1000.0 * (attraction + repulsion)
}

/// The derivative of the same formula, by hand.
fn gradient(loss: &CfaLoss, rows: &[f64], bank: &[f64]) -> Vec<f64> {
    let (k, j, r2) = (
        loss.neighbors,
        loss.hard_negatives,
        loss.radius * loss.radius,
    );
    let patches = (rows.len() / D) as f64;
    let mut all = Vec::new();
    for row in rows.chunks(D) {
        let mut sum = [0.0; D];
        for (rank, (d2, entry)) in ranked(row, bank).into_iter().enumerate() {
            let factor = match rank {
                rank if rank < k && d2 > r2 => 2.0 / (patches * k as f64),
                rank if rank >= k && rank < k + j && r2 - d2 > 0.1 => -2.0 / (patches * j as f64),
                _ => 0.0,
            };
            for (s, (a, b)) in sum.iter_mut().zip(row.iter().zip(entry)) {
                *s += 1000.0 * factor * (a - b);
            }
        }
        all.extend(sum);
    }
    all
}

/// Closer together than the patches, so that middle ones are repelled and outer
/// ones attracted.
fn bank(seed: u64) -> Tensor {
    noise_tensor(seed, &[M, D]) * 0.4
}

fn trained_rows(seed: u64) -> Tensor {
    noise_tensor(seed, &[N, P, D]).set_requires_grad(true)
}

/// Tolerance: a loss below 1000 with f32's 6e-8, some ten roundings.
#[test]
fn the_value_is_that_of_the_formula() {
    let (rows, bank) = (trained_rows(1), bank(2));
    for loss in [
        LOSS,
        CfaLoss {
            radius: 1e-5,
            ..LOSS
        },
        CfaLoss {
            hard_negatives: 0,
            ..LOSS
        },
    ] {
        let value = loss.forward(&rows, &bank).unwrap();
        let (attraction, repulsion) = parts(&loss, &f64_values(&rows), &f64_values(&bank));
        assert_close(&f64_values(&value.attraction), &[attraction], 1e-6);
        assert_close(&f64_values(&value.repulsion), &[repulsion], 1e-6);
        let expected = total(&loss, &f64_values(&rows), &f64_values(&bank));
        assert_close(&f64_values(&value.total), &[expected], 1e-3);
    }
    let (attraction, repulsion) = parts(&LOSS, &f64_values(&rows), &f64_values(&bank));
    assert!(
        attraction > 0.01 && repulsion > 0.01,
        "{attraction}, {repulsion}: both must be at work"
    );
}

/// Tolerance: gradients below 1000, f32.
#[test]
fn the_gradient_is_that_of_the_formula() {
    let (rows, bank) = (trained_rows(3), bank(4));
    LOSS.forward(&rows, &bank).unwrap().total.backward();
    let expected = gradient(&LOSS, &f64_values(&rows), &f64_values(&bank));
    assert_close(&f64_values(&rows.grad()), &expected, 1e-3);
}

/// Central differences with a step of 1e-6 in f64; their own error is 1e-4 here
/// (a loss of 1e3 resolved to 1e-13, divided by 2e-6).
#[test]
fn the_gradient_is_the_slope_of_the_value() {
    let (rows, bank) = (trained_rows(5), bank(6));
    LOSS.forward(&rows, &bank).unwrap().total.backward();
    let (values, bank) = (f64_values(&rows), f64_values(&bank));
    let slope = |i: usize| {
        let at = |shift: f64| {
            let mut moved = values.clone();
            moved[i] += shift;
            total(&LOSS, &moved, &bank)
        };
        (at(1e-6) - at(-1e-6)) / 2e-6
    };
    let expected: Vec<f64> = (0..values.len()).map(slope).collect();
    assert_close(&f64_values(&rows.grad()), &expected, 1e-3);
}

/// Patches that lie on their only attracting entry: nothing to pull, nothing to
/// divide by.
#[test]
fn a_distance_of_zero_gives_zero_and_no_nan() {
    let bank = noise_tensor(7, &[M, D]);
    let rows = bank
        .narrow(0, 0, P as i64)
        .unsqueeze(0)
        .copy()
        .set_requires_grad(true);
    let loss = CfaLoss {
        neighbors: 1,
        hard_negatives: 3,
        radius: 1e-5,
    };
    let value = loss.forward(&rows, &bank).unwrap();
    assert_close(&f64_values(&value.total), &[0.0], 0.0);
    value.total.backward();
    assert_close(&f64_values(&rows.grad()), &[0.0; P * D], 0.0);
}

#[test]
fn only_a_radius_beyond_the_margin_repels() {
    let with = |radius, hard_negatives| CfaLoss {
        neighbors: 3,
        hard_negatives,
        radius,
    };
    assert!(!with(1e-5, 3).can_repel());
    assert!(!with(0.316, 3).can_repel(), "0.316² < 0.1");
    assert!(with(0.317, 3).can_repel(), "0.317² > 0.1");
    assert!(!with(10.0, 0).can_repel());
    assert_eq!(with(10.0, 2).entries(), 5);
}

#[test]
fn a_bank_that_is_too_small_is_an_error() {
    let (rows, bank) = (trained_rows(1), noise_tensor(2, &[4, D]));
    assert!(LOSS.forward(&rows, &bank).is_err());
}

/// ∂L/∂r by central differences of the formula in f64; tolerance as above.
#[test]
fn a_trained_radius_has_the_slope_of_the_value() {
    let (rows, bank) = (trained_rows(7), bank(8));
    let radius = Tensor::from_slice(&[0.8_f32]).set_requires_grad(true);
    let value = LOSS.forward_with_radius(&rows, &bank, &radius).unwrap();
    value.total.backward();
    let (rows, bank) = (f64_values(&rows), f64_values(&bank));
    let at = |radius| total(&CfaLoss { radius, ..LOSS }, &rows, &bank);
    let step = 1e-6;
    let start = f64_values(&radius)[0];
    let slope = (at(start + step) - at(start - step)) / (2.0 * step);
    assert!(slope.abs() > 1.0, "{slope}: both hinges should pull");
    assert_close(&f64_values(&radius.grad()), &[slope], 1e-2);
}

#[test]
fn all_distances_give_the_loss_of_the_nearest() {
    let (rows, bank) = (trained_rows(9), bank(10));
    let apart = rows.unsqueeze(2) - bank.unsqueeze(0).unsqueeze(0);
    let distances = apart.square().sum_dim_intlist(3, false, None);
    let ours = LOSS.of_distances(&distances).unwrap().total;
    let expected = LOSS.forward(&rows, &bank).unwrap().total;
    assert_close(&f64_values(&ours), &f64_values(&expected), 1e-3);
}
