#![allow(clippy::unwrap_used, reason = "for tests only")]

mod bounded;
mod broken;
mod rounding;

use ndarray::{Array2, ArrayRef2, Axis, Ix2, concatenate};

use super::{MemoryBank, MemoryBankError, Neighbors, NeighborsError, SearchOptions, SearchScratch};
use crate::cancellation::Cancellation;
use crate::golden_vectors::{GoldenVectors, assert_close};

/// The distances are sums of up to 448 squares in `f32`, at least 4 side by side: each
/// addition may be off by 6e-8 of the sum, and on data like this they do not all go the same
/// way. Where they do is the business of the tests of rounding.
const SUM_ERROR: f64 = 1e-6;

/// Uniform in −1..1, from a linear congruential generator.
fn noise(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    })
}

/// Every distance in `f64`, sorted.
fn oracle(descriptors: &ArrayRef2<f32>, bank: &Array2<f32>, k: usize) -> Vec<Vec<(f64, u32)>> {
    let distance = |a: &f32, b: &f32| (f64::from(*a) - f64::from(*b)).powi(2);
    let nearest = |descriptor: ndarray::ArrayView1<'_, f32>| {
        let squared = |row: ndarray::ArrayView1<'_, f32>| {
            descriptor
                .iter()
                .zip(row)
                .map(|(a, b)| distance(a, b))
                .sum::<f64>()
        };
        let mut all: Vec<(f64, u32)> = (0..)
            .zip(bank.rows())
            .map(|(i, row)| (squared(row), i))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        all.truncate(k);
        all
    };
    descriptors.rows().into_iter().map(nearest).collect()
}

#[track_caller]
fn assert_exact(descriptors: &ArrayRef2<f32>, bank: &Array2<f32>, k: usize) -> Neighbors {
    let found = MemoryBank::new(bank.clone())
        .unwrap()
        .nearest(descriptors, k)
        .unwrap();
    let expected = oracle(descriptors, bank, k);
    for (row, expected) in expected.iter().enumerate() {
        for (place, &(distance, _)) in expected.iter().enumerate() {
            let given = f64::from(found.squared_distances[[row, place]]);
            assert!(
                (given - distance).abs() <= SUM_ERROR * distance,
                "{row} {place}: {given} {distance}"
            );
            assert!(found.squared_distances[[row, place]] >= 0.0);
        }
    }
    assert!(
        found
            .squared_distances
            .rows()
            .into_iter()
            .all(|row| row.into_iter().is_sorted())
    );
    found
}

fn rows_of(found: &Neighbors) -> impl Iterator<Item = (Vec<f32>, Vec<u32>)> {
    let rows = found
        .squared_distances
        .rows()
        .into_iter()
        .zip(found.indices.rows());
    rows.map(|(distances, numbers)| (distances.to_vec(), numbers.to_vec()))
}

fn indices(expected: &[Vec<(f64, u32)>]) -> Vec<u32> {
    expected.iter().flatten().map(|&(_, index)| index).collect()
}

#[test]
fn random_banks_agree_with_the_oracle() {
    for (positions, centroids, channels, k) in [
        (1, 1, 1, 1),
        (5, 1, 7, 1),
        (3, 3, 2, 3),
        (130, 515, 19, 3),
        (257, 1300, 33, 6),
        (40, 40, 448, 40),
    ] {
        let (descriptors, bank) = (noise(positions, channels, 1), noise(centroids, channels, 2));
        let found = assert_exact(&descriptors, &bank, k);
        let expected = indices(&oracle(&descriptors, &bank, k));
        assert_eq!(found.indices.into_raw_vec_and_offset().0, expected);
    }
}

#[test]
fn equal_distances_are_ordered_by_number() {
    let once = noise(200, 24, 3);
    let bank = concatenate(
        Axis(0),
        &[once.view(), once.view(), once.view(), once.view()],
    )
    .unwrap();
    let found = assert_exact(&noise(140, 24, 4), &bank, 120);
    for (distances, numbers) in rows_of(&found) {
        let first = numbers[0];
        assert!(first < 200);
        assert_eq!(numbers[..4], [first, first + 200, first + 400, first + 600]);
        let ranked: Vec<_> = distances.iter().zip(&numbers).collect();
        assert!(ranked.is_sorted());
    }
}

#[test]
fn more_equal_centroids_than_are_asked_for_give_the_first_numbers() {
    let bank = Array2::from_shape_fn((1000, 8), |(_, channel)| channel as f32);
    let found = assert_exact(&noise(130, 8, 5), &bank, 3);
    assert!(
        found
            .indices
            .rows()
            .into_iter()
            .all(|row| row.to_vec() == [0, 1, 2])
    );
}

#[test]
fn a_bank_scored_against_itself_gives_exact_zeros() {
    let bank = noise(300, 448, 6);
    let found = assert_exact(&bank, &bank, 3);
    for (row, (distances, numbers)) in found
        .squared_distances
        .rows()
        .into_iter()
        .zip(found.indices.rows())
        .enumerate()
    {
        assert_eq!(distances[0].to_bits(), 0.0_f32.to_bits());
        assert_eq!(numbers[0] as usize, row);
    }
}

/// Here `|φ|² + |c|² − 2 φ·c` in `f32` has no correct digit: squared norms of
/// 4e6, whose roundoff is 0.25, against squared distances of about 1e-3.
#[test]
fn neighbours_far_from_the_origin_are_still_exact() {
    let near = |seed| noise(700, 64, seed) * 5e-3 + 250.0;
    let (descriptors, bank) = (near(7), near(8));
    let found = assert_exact(&descriptors, &bank, 3);
    let expected = indices(&oracle(&descriptors, &bank, 3));
    assert_eq!(found.indices.into_raw_vec_and_offset().0, expected);
}

#[test]
fn far_outliers_do_not_blur_the_rest() {
    let mut bank = noise(600, 32, 9);
    bank.row_mut(17).fill(3e8);
    bank.row_mut(599).fill(-2e9);
    let mut descriptors = noise(150, 32, 10);
    descriptors.row_mut(149).fill(1e9);
    let found = assert_exact(&descriptors, &bank, 3);
    assert_eq!(found.indices[[149, 0]], 17);
}

#[test]
fn the_result_does_not_depend_on_threads_or_layout() {
    let bank = MemoryBank::new(noise(900, 100, 11)).unwrap();
    let rows = noise(777, 100, 12);
    let by_channel = rows.t().as_standard_layout().into_owned();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| bank.nearest(&by_channel.t(), 4).unwrap())
    };
    let one = with(1);
    assert_eq!(bank.nearest(&rows, 4).unwrap(), one);
    for threads in 2..=5 {
        assert_eq!(with(threads), one, "{threads} threads");
    }
}

fn search(
    bank: &MemoryBank,
    rows: &ArrayRef2<f32>,
    cancellation: &Cancellation,
) -> Result<Neighbors, NeighborsError> {
    let mut found = Neighbors::default();
    let options = SearchOptions {
        cancellation,
        helpers: None,
        scratch: &SearchScratch::default(),
    };
    bank.nearest_into(rows, 2, &options, &mut found)?;
    Ok(found)
}

/// Arrays of a former search are taken only if they have the shape and the order for it.
#[test]
fn any_arrays_may_be_reused() {
    let bank = MemoryBank::new(noise(40, 8, 17)).unwrap();
    let rows = noise(300, 8, 18);
    let expected = bank.nearest(&rows, 2).unwrap();
    let options = SearchOptions {
        cancellation: &Cancellation::new(),
        helpers: None,
        scratch: &SearchScratch::default(),
    };
    let columns = Neighbors {
        squared_distances: Array2::zeros((2, 300)).reversed_axes(),
        indices: Array2::zeros((2, 300)).reversed_axes(),
    };
    let mixed = Neighbors {
        squared_distances: Array2::zeros((7, 2)),
        indices: Array2::zeros((300, 2)),
    };
    for mut found in [columns, mixed, expected.clone()] {
        bank.nearest_into(&*rows, 2, &options, &mut found).unwrap();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_cancelled_search_gives_an_error() {
    let bank = MemoryBank::new(noise(40, 8, 17)).unwrap();
    let rows = noise(300, 8, 18);
    let found = search(&bank, &rows, &Cancellation::new());
    assert_eq!(found, bank.nearest(&rows, 2));
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let cancelled = search(&bank, &rows, &cancellation);
    assert_eq!(cancelled, Err(NeighborsError::Cancelled));
}

#[test]
fn bad_banks_and_queries_are_refused() {
    let empty = MemoryBank::new(Array2::zeros((0, 4))).unwrap_err();
    assert_eq!(
        empty,
        MemoryBankError::Empty {
            centroids: 0,
            channels: 4
        }
    );
    let shape = MemoryBank::from_values((2, 3), vec![0.0; 5]).unwrap_err();
    assert_eq!(
        shape,
        MemoryBankError::Shape {
            centroids: 2,
            channels: 3,
            values: 5
        }
    );
    for bad in [f32::NAN, f32::INFINITY, 1e19] {
        let error = MemoryBank::from_values((2, 2), vec![0.0, 1.0, bad, 2.0]).unwrap_err();
        assert_eq!(error, MemoryBankError::NotFinite { centroid: 1 });
    }

    let bank = MemoryBank::new(noise(300, 4, 13)).unwrap();
    for k in [0, 301] {
        let error = bank.nearest(&noise(2, 4, 14), k).unwrap_err();
        assert_eq!(error, NeighborsError::Count { k, centroids: 300 });
    }
    let error = bank.nearest(&noise(2, 5, 15), 3).unwrap_err();
    assert_eq!(
        error,
        NeighborsError::Channels {
            descriptors: 5,
            bank: 4
        }
    );
    for bad in [f32::NAN, f32::NEG_INFINITY, 1e19] {
        let mut descriptors = noise(400, 4, 16);
        descriptors[[333, 2]] = bad;
        let error = bank.nearest(&descriptors, 3).unwrap_err();
        assert_eq!(error, NeighborsError::NotFinite { position: 333 });
    }
}

/// Ours are right to an ulp. The reference's own rounding against `f64` is 3e-7
/// of the maximum for the first image and 1.4e-5 for the second, where squared
/// norms of 120 cancel to distances of 8; hence the 2e-5 of the golden README.
#[test]
fn golden_distances_are_reproduced() {
    let Some(golden) = GoldenVectors::open("case_r18_s64_gc1_gd1.safetensors") else {
        return;
    };
    for reference in ["anomalib", "official"] {
        let tensor = |name: &str| golden.tensor(&format!("{reference}/{name}"));
        let bank = tensor("memory_bank")
            .into_dimensionality::<Ix2>()
            .unwrap()
            .reversed_axes();
        let phi = tensor("phi").into_shape_with_order((2, 448, 256)).unwrap();
        let expected = tensor("topk_sqdist")
            .into_shape_with_order((2, 256, 6))
            .unwrap();
        for (phi, expected) in phi.outer_iter().zip(expected.outer_iter()) {
            let found = assert_exact(&phi.t(), &bank, 6);
            assert_close(
                "squared distances",
                &found.squared_distances,
                &expected,
                2e-5,
            );
        }
    }
}
