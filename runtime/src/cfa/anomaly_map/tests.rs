#![allow(clippy::unwrap_used, reason = "for tests only")]

use ndarray::{Array2, ArrayD, ArrayView2, Axis, Ix2, array};

use super::{BlurError, Border, GaussianBlur, Smoothing, softmin_scores, upsample_bilinear};
use crate::anomaly_map::AnomalyMap;
use crate::cfa::memory_bank::Neighbors;
use crate::golden_vectors::{GoldenVectors, assert_close};
use crate::preprocess::Size;

fn neighbors(squared_distances: Array2<f32>) -> Neighbors {
    let indices = Array2::zeros(squared_distances.dim());
    Neighbors {
        squared_distances,
        indices,
    }
}

fn square(side: usize) -> Size {
    Size {
        height: side,
        width: side,
    }
}

/// The last two axes of the first entry of all axes before them.
fn first_plane(tensor: &ArrayD<f32>) -> ArrayView2<'_, f32> {
    let mut plane = tensor.view();
    while plane.ndim() > 2 {
        plane = plane.index_axis_move(Axis(0), 0);
    }
    plane.into_dimensionality::<Ix2>().unwrap()
}

#[test]
fn a_single_neighbour_scores_its_distance_and_equal_ones_share_it() {
    let scores = softmin_scores(&neighbors(array![[9.0], [0.0]]));
    assert_eq!(scores.to_vec(), [3.0, 0.0]);
    let scores = softmin_scores(&neighbors(array![[9.0, 9.0, 9.0], [0.0, 0.0, 0.0]]));
    assert_eq!(scores.to_vec(), [1.0, 0.0]);
}

#[test]
fn distances_that_underflow_the_exponential_still_score() {
    let scores = softmin_scores(&neighbors(array![[1e6, 1e6], [1e6, 4e6]]));
    assert_eq!(scores.to_vec(), [500.0, 1000.0]);
}

#[test]
fn squared_distances_below_zero_count_as_zero_and_nan_stays() {
    let scores = softmin_scores(&neighbors(array![[-1e-3, 1.0], [f32::NAN, 1.0]]));
    assert_eq!(scores[0].to_bits(), 0.0_f32.to_bits());
    let below = softmin_scores(&neighbors(array![[4.0, f32::NAN]]));
    assert!(below[0].is_nan());
}

#[test]
fn the_largest_value_is_found_in_any_layout() {
    let values = Array2::from_shape_fn((37, 50), |(row, column)| {
        -((row as f32 - 30.0).powi(2) + (column as f32 - 44.0).powi(2))
    });
    let mut part = values.clone();
    part.slice_axis_inplace(Axis(1), (..20).into());
    let found = AnomalyMap { values: part }.max().to_bits();
    assert_eq!(found, values[[30, 19]].to_bits());
    let turned = values.clone().reversed_axes();
    for values in [values, turned] {
        let map = AnomalyMap { values };
        assert!(map.max().abs() < f32::MIN_POSITIVE);
        let peak = map.peak();
        assert!(peak == (30, 44) || peak == (44, 30), "{peak:?}");
    }
}

#[test]
fn the_peak_is_the_first_of_equal_maxima() {
    let map = AnomalyMap {
        values: array![[1.0, 2.0, 0.5], [2.0, -1.0, 2.0]],
    };
    assert_eq!(map.peak(), (0, 1));
    assert_eq!((map.min(), map.max()), (-1.0, 2.0));
    assert!((map.mean() - 6.5 / 6.0).abs() < 1e-6);
}

#[test]
fn upsampling_keeps_constants_and_samples_at_half_steps() {
    let constant = upsample_bilinear(
        &Array2::from_elem((3, 5), 2.5),
        Size {
            height: 7,
            width: 11,
        },
    );
    assert_eq!(constant, Array2::from_elem((7, 11), 2.5));
    let ramp = upsample_bilinear(
        &array![[0.0, 4.0]],
        Size {
            height: 1,
            width: 4,
        },
    );
    assert_eq!(ramp, array![[0.0, 1.0, 3.0, 4.0]]);
    assert_eq!(
        upsample_bilinear(&Array2::zeros((0, 3)), square(2)),
        Array2::<f32>::zeros((2, 2))
    );
}

#[test]
fn a_blur_keeps_constants_and_mirrors_by_its_border() {
    let impulse_at_edge = |border| {
        let mut map = Array2::zeros((40, 41));
        map.row_mut(0).fill(1.0);
        GaussianBlur::new(1.0, border).unwrap().apply(&map).unwrap()
    };
    let tap = |i: i32| (-f64::from(i * i) / 2.0).exp() / 2.506_628;
    let (mirror, repeat) = (
        impulse_at_edge(Border::Mirror),
        impulse_at_edge(Border::MirrorRepeatEdge),
    );
    // 1e-4 covers the cut-off tails of the normalisation.
    assert!((f64::from(mirror[[0, 20]]) - tap(0)).abs() < 1e-4);
    assert!((f64::from(repeat[[0, 20]]) - (tap(0) + tap(1))).abs() < 1e-4);
    assert!((f64::from(mirror[[2, 20]]) - tap(2)).abs() < 1e-4);
    assert!((f64::from(repeat[[2, 20]]) - (tap(2) + tap(3))).abs() < 1e-4);

    let blur = GaussianBlur::new(4.0, Border::Mirror).unwrap();
    assert_eq!(blur.radius_px(), 16);
    let constant = blur.apply(&Array2::from_elem((17, 30), 3.0)).unwrap();
    // 33 rounded taps along each axis: at most 66 half ulps.
    assert!(
        constant
            .iter()
            .all(|value| (value - 3.0).abs() < 3.0 * 66.0 * 6e-8)
    );
}

#[test]
fn impossible_blurs_are_refused() {
    for sigma in [0.0, -1.0, f32::NAN, f32::INFINITY, 257.0] {
        let refused = GaussianBlur::new(sigma, Border::Mirror);
        assert!(matches!(refused, Err(BlurError::Sigma { .. })), "{sigma}");
    }
    let blur = GaussianBlur::new(4.0, Border::Mirror).unwrap();
    let refused = blur.apply(&Array2::zeros((30, 16))).unwrap_err();
    assert_eq!(
        refused,
        BlurError::MapTooSmall {
            radius_px: 16,
            height: 30,
            width: 16
        }
    );
}

#[test]
fn borders_are_spelled_in_snake_case() {
    let spelled = serde_json::to_string(&[Border::Mirror, Border::MirrorRepeatEdge]).unwrap();
    assert_eq!(spelled, r#"["mirror","mirror_repeat_edge"]"#);
}

/// Tolerances follow the reference's own error against `f64`: 2.4e-6 of the
/// maximum where it blurs with one `f32` sum of 1089 terms (anomalib), 7e-8 where
/// it blurs in `f64` (`scipy`, rounded once); ours adds some 1e-7.
#[test]
fn golden_operations_are_reproduced() {
    let Some(golden) = GoldenVectors::open("ops.safetensors") else {
        return;
    };
    let input = golden.tensor("op/blur_in");
    for (name, border, tolerance) in [
        ("op/blur_anomalib", Border::Mirror, 4e-6),
        ("op/blur_official", Border::MirrorRepeatEdge, 5e-7),
    ] {
        let blurred = GaussianBlur::new(4.0, border)
            .unwrap()
            .apply(&first_plane(&input))
            .unwrap();
        assert_close(
            name,
            &blurred,
            &first_plane(&golden.tensor(name)),
            tolerance,
        );
    }
    // Too far from the border to be mirrored, so the blurred impulse is the kernel.
    let mut impulse = Array2::zeros((35, 35));
    impulse[[17, 17]] = 1.0;
    let blurred = GaussianBlur::new(4.0, Border::Mirror)
        .unwrap()
        .apply(&impulse)
        .unwrap();
    let kernel = blurred.slice_axis(Axis(0), (1..34).into());
    let kernel = kernel.slice_axis(Axis(1), (1..34).into());
    let expected = golden.tensor("op/gauss_kernel_33");
    assert_close("op/gauss_kernel_33", &kernel, &first_plane(&expected), 1e-6);

    let distances = golden.tensor("op/sqdist");
    let mut sorted = first_plane(&distances).to_owned();
    for mut row in sorted.rows_mut() {
        row.as_slice_mut().unwrap().sort_by(f32::total_cmp);
    }
    let three = sorted.slice_axis(Axis(1), (..3).into()).to_owned();
    let scores = softmin_scores(&neighbors(three)).insert_axis(Axis(0));
    let expected = golden.tensor("op/softmin_score_k3");
    assert_close(
        "op/softmin_score_k3",
        &scores,
        &first_plane(&expected),
        1e-6,
    );
}

#[test]
fn golden_upsampling_is_reproduced() {
    let Some(golden) = GoldenVectors::open("ops.safetensors") else {
        return;
    };
    let input = golden.tensor("op/avgpool_in");
    for side in [14, 20, 28] {
        let name = format!("op/bilinear_to_{side}");
        let found = upsample_bilinear(&first_plane(&input), square(side));
        assert_close(&name, &found, &first_plane(&golden.tensor(&name)), 1e-6);
    }
}

/// Tolerance: the weights are sums of some ten products, rounded to `f32` once, and the
/// sums over both directions have some hundred terms.
#[test]
fn smoothing_is_upsampling_and_blur() {
    for (border, scores, map) in [
        (Border::Mirror, [14, 9], [56, 40]),
        (Border::MirrorRepeatEdge, [14, 9], [56, 40]),
        (Border::Mirror, [1, 3], [70, 17]),
        (Border::MirrorRepeatEdge, [30, 30], [30, 31]),
    ] {
        let blur = GaussianBlur::new(4.0, border).unwrap();
        let size = |[height, width]: [usize; 2]| Size { height, width };
        let values = Array2::from_shape_fn(scores, |(y, x)| ((y * 31 + x * 17) % 23) as f32);
        let expected = blur.apply(&upsample_bilinear(&values, size(map))).unwrap();
        let smoothing = Smoothing::new(size(scores), size(map), &blur).unwrap();
        let found = smoothing.apply(&values).unwrap();
        assert_eq!(found.dim(), expected.dim());
        for (a, b) in found.iter().zip(&expected) {
            assert!(
                (a - b).abs() <= 23.0 * 1e-6,
                "{border:?} {scores:?}: {a} {b}"
            );
        }
        let product = smoothing
            .rows_matrix()
            .dot(&values)
            .dot(&smoothing.columns_matrix().t());
        let apart = (&product - &found).mapv(f32::abs);
        assert!(apart.iter().all(|&d| d <= 23.0 * 1e-6));
    }
}

#[test]
fn the_peak_is_the_first_of_the_largest_values() {
    let mut values = Array2::zeros((9, 11));
    values[[3, 10]] = 2.0;
    values[[7, 1]] = 2.0;
    let map = AnomalyMap { values };
    assert_eq!((map.max(), map.peak()), (2.0, (3, 10)));
}

#[test]
fn scores_of_another_size_are_an_error_and_no_map_of_zeros() {
    let size = |height, width| Size { height, width };
    let blur = GaussianBlur::new(1.0, Border::Mirror).unwrap();
    let smoothing = Smoothing::new(size(8, 6), size(32, 24), &blur).unwrap();
    assert!(smoothing.apply(&Array2::ones((8, 6))).is_ok());
    let refused = smoothing.apply(&Array2::ones((6, 8))).unwrap_err();
    assert_eq!(
        refused,
        BlurError::Scores {
            expected: (8, 6),
            found: (6, 8)
        }
    );
}
