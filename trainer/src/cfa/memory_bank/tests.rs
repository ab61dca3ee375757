#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::Cancellation;
use tch::Tensor;

use super::{ClusteringError, MeanFeatures, RESTARTS, compress, entries};
use crate::random::random_stream;
use crate::tensor::from_values;
use crate::testing::{assert_close, f64_values, noise, noise_tensor};

const D: usize = 3;

fn compressed(rows: &Tensor, gamma_c: usize, seed: u64) -> Vec<f64> {
    let mut rng = random_stream(seed, "k-means");
    let cancellation = Cancellation::new();
    let centers = compress(rows, gamma_c, &mut rng, &cancellation, &mut |_done| ());
    f64_values(&centers.unwrap())
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Sum of the squared distances of all rows to their nearest centre.
fn inertia(rows: &[f64], centers: &[f64]) -> f64 {
    let nearest = |row: &[f64]| {
        centers
            .chunks(D)
            .map(|c| squared(row, c))
            .fold(f64::INFINITY, f64::min)
    };
    rows.chunks(D).map(nearest).sum()
}

fn smallest_gap(centers: &[f64]) -> f64 {
    let centers: Vec<_> = centers.chunks(D).collect();
    let pairs = (0..centers.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs
        .map(|(i, j)| squared(centers[i], centers[j]))
        .fold(f64::INFINITY, f64::min)
}

/// Tolerance: one rounding of the mean to f32.
#[test]
fn every_image_weighs_the_same_in_batches_of_any_size() {
    let phi = noise_tensor(1, &[5, 2, 2, 3]);
    let mut mean = MeanFeatures::default();
    for (first, count) in [(0, 3), (3, 1), (4, 1)] {
        mean.add(&phi.narrow(0, first, count)).unwrap();
    }
    let rows = mean.rows().unwrap();
    assert_eq!(rows.size(), [6, 2]);
    let values = f64_values(&phi);
    let of_images =
        |p: usize, c: usize| (0..5).map(|i| values[(i * 2 + c) * 6 + p]).sum::<f64>() / 5.0;
    let expected: Vec<f64> = (0..6)
        .flat_map(|p| [of_images(p, 0), of_images(p, 1)])
        .collect();
    assert_close(&f64_values(&rows), &expected, 1e-7);
}

#[test]
fn a_mean_of_nothing_is_an_error() {
    assert!(MeanFeatures::default().rows().is_err());
}

#[test]
fn the_number_of_entries_is_rounded_down() {
    assert_eq!(
        [1, 2, 3, 4, 11].map(|gamma_c| entries(10, gamma_c)),
        [10, 5, 3, 2, 0]
    );
}

#[test]
fn without_compression_the_rows_stay_as_they_are() {
    let rows = noise_tensor(2, &[7, D]);
    assert_close(&compressed(&rows, 1, 0), &f64_values(&rows), 0.0);
}

#[test]
fn centres_are_as_many_as_asked_finite_and_different() {
    let rows = noise_tensor(3, &[100, D]);
    for (gamma_c, count) in [(2, 50), (3, 33), (40, 2), (100, 1)] {
        let centers = compressed(&rows, gamma_c, 0);
        assert_eq!(centers.len(), count * D, "gamma_c {gamma_c}");
        assert!(centers.iter().all(|v| v.is_finite()));
        assert!(
            smallest_gap(&centers) > 0.0,
            "gamma_c {gamma_c}: a centre is there twice"
        );
    }
}

#[test]
fn a_seed_gives_the_same_centres_again() {
    let rows = noise_tensor(4, &[100, D]);
    assert_eq!(compressed(&rows, 5, 1), compressed(&rows, 5, 1));
    assert_ne!(compressed(&rows, 5, 1), compressed(&rows, 5, 2));
}

/// A single cluster has one solution: the mean. Tolerance: rounding to f32.
#[test]
fn one_cluster_is_the_mean() {
    let rows = noise_tensor(5, &[40, D]);
    let values = f64_values(&rows);
    let mean: Vec<f64> = (0..D)
        .map(|c| values.iter().skip(c).step_by(D).sum::<f64>() / 40.0)
        .collect();
    assert_close(&compressed(&rows, 40, 0), &mean, 1e-7);
}

/// Eight groups far apart: their means are the only good answer. Tolerance: f32 at
/// values below 16.
#[test]
fn separate_groups_are_found() {
    let corner = |group: usize, c: usize| if group >> c & 1 == 1 { 10.0 } else { 0.0 };
    let jitter = noise(6, 80 * D);
    let values: Vec<f32> = (0..80 * D)
        .map(|i| corner(i / D % 8, i % D) + 0.3 * jitter[i])
        .collect();
    let centers = compressed(&from_values(&values, &[80, D]).unwrap(), 10, 3);
    for group in 0..8 {
        let members = (group..80).step_by(8);
        let of = |c: usize| {
            members
                .clone()
                .map(|row| f64::from(values[row * D + c]))
                .sum::<f64>()
                / 10.0
        };
        let mean: Vec<f64> = (0..D).map(of).collect();
        let off = centers
            .chunks(D)
            .map(|c| squared(c, &mean))
            .fold(f64::INFINITY, f64::min);
        assert!(off < 1e-10, "no centre lies in group {group}: {off}");
    }
}

#[test]
fn centres_fit_better_than_random_rows() {
    let rows = noise_tensor(7, &[200, D]);
    let values = f64_values(&rows);
    let ours = inertia(&values, &compressed(&rows, 10, 0));
    for first in 0..10 {
        let subset: Vec<f64> = values
            .chunks(D)
            .skip(first)
            .step_by(10)
            .flatten()
            .copied()
            .collect();
        let theirs = inertia(&values, &subset);
        assert!(ours < 0.9 * theirs, "{ours} against {theirs}");
    }
}

/// More clusters than different rows: it must end, and lose no row.
#[test]
fn repeated_rows_do_not_hang_it() {
    let distinct = noise(8, 5 * D);
    let rows = from_values(&distinct.repeat(8), &[40, D]).unwrap();
    let centers = compressed(&rows, 2, 0);
    assert_eq!(centers.len(), 20 * D);
    assert!(centers.iter().all(|v| v.is_finite()));
    // Tolerance: a mean of eight equal f32 numbers below 1.
    assert!(inertia(&f64_values(&rows), &centers) < 1e-12);
}

#[test]
fn equal_rows_give_equal_centres() {
    let rows = from_values(&[0.25, -1.0, 3.0].repeat(12), &[12, D]).unwrap();
    assert_close(&compressed(&rows, 3, 0), &[0.25, -1.0, 3.0].repeat(4), 0.0);
}

#[test]
fn the_clustering_tells_how_far_it_is_and_can_be_stopped() {
    let rows = noise_tensor(9, &[40, D]);
    let run = |stop_at: Option<usize>| {
        let (cancellation, mut told) = (Cancellation::new(), Vec::new());
        let result = compress(
            &rows,
            4,
            &mut random_stream(0, "k-means"),
            &cancellation,
            &mut |done| {
                told.push(done);
                if stop_at == Some(done) {
                    cancellation.cancel();
                }
            },
        );
        (result, told)
    };
    let (finished, told) = run(None);
    assert!(finished.is_ok());
    assert_eq!(told, (0..RESTARTS).collect::<Vec<_>>());
    let (stopped, told) = run(Some(3));
    assert!(matches!(stopped, Err(ClusteringError::Interrupted(_))));
    assert_eq!(told, [0, 1, 2, 3]);
}
