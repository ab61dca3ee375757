#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{nearest, rows, smallest_squared_distances};
use crate::tensor::from_values;
use crate::testing::{assert_close, f64_values, noise_tensor};

const N: usize = 2;
const P: usize = 5;
const D: usize = 4;
const M: usize = 9;

/// All squared distances, ascending, of each row to the bank.
fn sorted_distances(rows: &[f64], bank: &[f64]) -> Vec<Vec<f64>> {
    let squared = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    let of_row = |row: &[f64]| {
        let mut all: Vec<f64> = bank.chunks(D).map(|entry| squared(row, entry)).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    rows.chunks(D).map(of_row).collect()
}

/// Tolerance: 4 squares below 4 in f32, 4 · 4 · 6e-8.
#[test]
fn the_smallest_distances_are_found_in_order() {
    let (patches, bank) = (noise_tensor(1, &[N, P, D]), noise_tensor(2, &[M, D]));
    let all = sorted_distances(&f64_values(&patches), &f64_values(&bank));
    for count in [1, 4, M] {
        let (ours, index) = smallest_squared_distances(&patches, &bank, count).unwrap();
        assert_eq!(ours.size(), [N as i64, P as i64, count as i64]);
        assert_eq!(index.size(), ours.size());
        let expected: Vec<f64> = all.iter().flat_map(|row| row[..count].to_vec()).collect();
        assert_close(&f64_values(&ours), &expected, 1e-6);
    }
}

#[test]
fn an_index_names_the_entry_of_its_distance() {
    let bank = from_values(&[0.0, 0.0, 3.0, 0.0, 0.0, 1.0], &[3, 2]).unwrap();
    let patches = from_values(&[3.0, 0.5, 0.0, 0.75], &[1, 2, 2]).unwrap();
    let (squared, index) = smallest_squared_distances(&patches, &bank, 3).unwrap();
    assert_close(&f64_values(&index), &[1.0, 0.0, 2.0, 2.0, 0.0, 1.0], 0.0);
    let expected = [0.25, 9.25, 9.25, 0.0625, 0.5625, 9.5625];
    assert_close(&f64_values(&squared), &expected, 0.0);
}

/// Far from the origin |φ|² + |c|² − 2φ·c loses everything: the norms are 3e6 and
/// f32 resolves 0.25 there, yet the distances are exact.
#[test]
fn distances_far_from_the_origin_are_exact_and_never_negative() {
    let bank = from_values(&[1000.0, 1000.0, 1000.0, 1000.0, 1000.0, 1001.0], &[2, 3]).unwrap();
    let patches = from_values(&[1000.0, 1000.0, 1000.125], &[1, 1, 3]).unwrap();
    let (squared, _) = smallest_squared_distances(&patches, &bank, 2).unwrap();
    assert_close(&f64_values(&squared), &[0.015_625, 0.765_625], 0.0);
}

#[test]
fn more_neighbours_than_entries_are_an_error() {
    let (patches, bank) = (noise_tensor(1, &[N, P, D]), noise_tensor(2, &[M, D]));
    assert!(nearest(&patches, &bank, M + 1).is_err());
}

#[test]
fn a_row_holds_the_channels_of_one_position() {
    let phi = from_values(&[1.0, 2.0, 3.0, 10.0, 20.0, 30.0], &[1, 2, 1, 3]).unwrap();
    let rows = rows(&phi).unwrap();
    assert_eq!(rows.size(), [1, 3, 2]);
    assert_close(&f64_values(&rows), &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0], 0.0);
}
