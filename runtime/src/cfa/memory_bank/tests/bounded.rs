//! With bounds the search gives the bits that it gives without, on banks that suit
//! bounds and on banks made to defy them.

use ndarray::{Array1, Array2, Axis, concatenate};

use super::super::{
    BoundingAxes, MemoryBank, MemoryBankError, Neighbors, Projection, SearchOptions, SearchScratch,
};
use super::{assert_exact, noise};
use crate::cancellation::Cancellation;

const COUNTS: [BoundingAxes; 4] = [
    BoundingAxes {
        first: 1,
        second: 1,
    },
    BoundingAxes {
        first: 3,
        second: 9,
    },
    BoundingAxes {
        first: 16,
        second: 20,
    },
    BoundingAxes {
        first: 24,
        second: 24,
    },
];
const CHANNELS: usize = 24;

/// Orthonormal rows, by Gram and Schmidt in `f64`.
fn rotation(rows: usize, channels: usize) -> Array2<f32> {
    let mut axes = noise(rows, channels, 99).mapv(f64::from);
    for row in 0..rows {
        let (before, mut rest) = axes.view_mut().split_at(Axis(0), row);
        let mut axis = rest.row_mut(0);
        for earlier in before.rows() {
            let along = axis.dot(&earlier);
            axis.scaled_add(-along, &earlier);
        }
        let norm = axis.dot(&axis).sqrt();
        axis /= norm;
    }
    axes.mapv(|x| x as f32)
}

/// Noise whose spread falls from axis to axis, like that of a real bank.
fn falling(rows: usize, seed: u64) -> Array2<f32> {
    let spread = Array1::from_shape_fn(CHANNELS, |axis| 0.7_f32.powi(axis as i32));
    noise(rows, CHANNELS, seed) * &spread
}

#[track_caller]
fn assert_same_with_bounds(descriptors: &Array2<f32>, bank: &Array2<f32>, k: usize) {
    let plain = assert_exact(descriptors, bank, k);
    let whole = MemoryBank::new(bank.clone()).unwrap();
    for counts in COUNTS {
        let bounded = whole.clone().with_leading_axes(counts).unwrap();
        assert_eq!(
            bounded.nearest(descriptors, k).unwrap(),
            plain,
            "{counts:?}"
        );
        let axes = rotation(counts.second, CHANNELS);
        let origin = bank.row(0).to_vec();
        let projection = Projection { origin, axes };
        let projected = whole.clone().with_projection(counts, projection).unwrap();
        assert_eq!(
            projected.nearest(descriptors, k).unwrap(),
            plain,
            "{counts:?}, projected"
        );
    }
}

#[test]
fn a_bank_that_suits_bounds() {
    assert_same_with_bounds(&falling(300, 1), &falling(900, 2), 3);
    assert_same_with_bounds(&falling(97, 1), &falling(515, 2), 8);
}

#[test]
fn descriptors_that_are_centroids() {
    let bank = falling(700, 3);
    assert_same_with_bounds(&bank, &bank, 3);
}

#[test]
fn a_flat_spectrum() {
    assert_same_with_bounds(&noise(300, CHANNELS, 4), &noise(800, CHANNELS, 5), 3);
}

#[test]
fn duplicates_and_ties() {
    let once = falling(100, 6);
    let bank = concatenate(Axis(0), &[once.view(), once.view(), once.view()]).unwrap();
    assert_same_with_bounds(&falling(200, 7), &bank, 5);
    // Every centroid is as far from the origin as any other.
    let corners = Array2::from_shape_fn((480, CHANNELS), |(row, axis)| {
        let sign = if row % 2 == 0 { 1.0 } else { -1.0 };
        if row / 2 % CHANNELS == axis {
            sign
        } else {
            0.0
        }
    });
    assert_same_with_bounds(&Array2::zeros((7, CHANNELS)), &corners, 3);
}

#[test]
fn far_outliers_on_both_sides() {
    let mut bank = falling(600, 8);
    let mut descriptors = falling(200, 9);
    for row in (0..600).step_by(50) {
        bank.row_mut(row).fill(1e6);
    }
    for row in (0..200).step_by(20) {
        descriptors.row_mut(row).fill(-3e5);
    }
    assert_same_with_bounds(&descriptors, &bank, 3);
}

/// All of the spread lies far from the origin, where products cancel most.
#[test]
fn a_bank_far_from_the_origin() {
    let shifted = |rows, seed| falling(rows, seed) + 300.0;
    assert_same_with_bounds(&shifted(120, 10), &shifted(400, 11), 3);
}

#[test]
fn one_centroid_and_all_of_them() {
    let one = falling(1, 12);
    assert_same_with_bounds(&falling(130, 13), &one, 1);
    assert_same_with_bounds(&falling(20, 14), &falling(60, 15), 60);
}

#[test]
fn a_strange_region_does_not_change_the_rest() {
    let mut descriptors = falling(600, 16);
    let strange = noise(200, CHANNELS, 17) * 3.0;
    descriptors
        .slice_axis_mut(Axis(0), (200..400).into())
        .assign(&strange);
    assert_same_with_bounds(&descriptors, &falling(2000, 18), 3);
}

#[test]
fn axes_that_do_not_fit_are_refused() {
    let bank = MemoryBank::new(falling(5, 1)).unwrap();
    for (first, second) in [(0, 3), (4, 3), (3, CHANNELS + 1)] {
        let counts = BoundingAxes { first, second };
        let error = bank.clone().with_leading_axes(counts).unwrap_err();
        assert_eq!(
            error,
            MemoryBankError::Axes {
                first,
                second,
                channels: CHANNELS
            }
        );
    }
    let projection = Projection {
        origin: vec![0.0; CHANNELS],
        axes: rotation(3, CHANNELS),
    };
    let counts = BoundingAxes {
        first: 2,
        second: 4,
    };
    assert!(bank.with_projection(counts, projection).is_err());
}

/// A search that follows another one of the same size takes its buffers.
#[test]
fn a_further_search_allocates_nothing() {
    let (descriptors, bank) = (falling(300, 1), falling(900, 2));
    let counts = BoundingAxes {
        first: 6,
        second: 12,
    };
    let bank = MemoryBank::new(bank)
        .unwrap()
        .with_leading_axes(counts)
        .unwrap();
    let (scratch, mut found) = (SearchScratch::default(), Neighbors::default());
    let never = Cancellation::new();
    let options = SearchOptions {
        cancellation: &never,
        helpers: None,
        scratch: &scratch,
    };
    let mut search = || {
        bank.nearest_into(&*descriptors, 3, &options, &mut found)
            .unwrap();
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let [first, second] = pool.install(|| {
        let first = allocation_counter::measure(&mut search);
        [first, allocation_counter::measure(&mut search)]
    });
    assert!(first.count_total > 0);
    assert_eq!(second.count_total, 0, "{second:?}");
}

/// Descriptors far from the bank in one direction, found before and after the first axis
/// was turned there, and after it was turned elsewhere.
#[test]
fn a_first_axis_that_follows_the_descriptors() {
    let bank = falling(900, 11);
    let towards = noise(1, CHANNELS, 12) * 30.0;
    let descriptors = falling(200, 13) + &towards;
    let plain = assert_exact(&descriptors, &bank, 3);
    let whole = MemoryBank::new(bank.clone()).unwrap();
    for counts in COUNTS {
        let axes = rotation(counts.second, CHANNELS);
        let origin = bank.row(0).to_vec();
        let projection = Projection { origin, axes };
        let mut bounded = whole.clone().with_projection(counts, projection).unwrap();
        for point in [towards.row(0), bank.row(0), bank.row(1)] {
            bounded.turn_first_axis(&point.to_vec());
            assert_eq!(
                bounded.nearest(&descriptors, 3).unwrap(),
                plain,
                "{counts:?}"
            );
        }
        bounded.turn_first_axis(&[f32::NAN; CHANNELS]);
        assert_eq!(
            bounded.nearest(&descriptors, 3).unwrap(),
            plain,
            "{counts:?}"
        );
    }
}
