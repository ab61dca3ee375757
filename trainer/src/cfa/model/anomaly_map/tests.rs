#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::preprocess::Size;
use cfa_runtime::training_support::cfa::anomaly_map::{Border, GaussianBlur};
use cfa_runtime::training_support::cfa::head::{Descriptors, Head, LevelShape};
use cfa_runtime::training_support::cfa::memory_bank::MemoryBank;
use ndarray::{Array2, Array3};

use super::{AnomalyMapGenerator, ModelError, Scored, gaussian_kernel, softmin_score};
use crate::cfa::neighbors::{rows, smallest_squared_distances};
use crate::tensor::{from_values, host_values};
use crate::testing::{assert_close, f64_values, noise_tensor};

/// Tolerance: f32 at values below 2.
#[test]
fn the_score_is_that_of_the_formula() {
    let squared = [0.0, 0.25, 4.0, 1.0, 1.0, 1.0, 0.01, 2.25, 2.25];
    let score = |d: [f64; 3]| d[0] * (-d[0]).exp() / d.iter().map(|d| (-d).exp()).sum::<f64>();
    let expected = [[0.0, 0.5, 2.0], [1.0; 3], [0.1, 1.5, 1.5]].map(score);
    let ours = softmin_score(&from_values(&squared, &[1, 3, 3]).unwrap()).unwrap();
    assert_eq!(ours.size(), [1, 3]);
    assert_close(&f64_values(&ours), &expected, 1e-6);
}

/// exp(−200) is 0 in f32; the score is not. Tolerance: f32 at 200.
#[test]
fn large_distances_do_not_underflow() {
    let squared = from_values(&[4e4, 4e4, 4e4, 1e8, 4e8, 9e8], &[1, 2, 3]).unwrap();
    let ours = softmin_score(&squared).unwrap();
    assert_close(&f64_values(&ours), &[200.0 / 3.0, 1e4], 1e-3);
}

#[test]
fn the_kernel_has_the_taps_of_anomalib() {
    let taps = gaussian_kernel(4.0);
    assert_eq!(taps.len(), 33);
    assert!((taps.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!((taps[16] / taps[12] - 0.5_f64.exp()).abs() < 1e-12);
}

fn generator(neighbors: usize, height: usize, width: usize, border: Border) -> AnomalyMapGenerator {
    AnomalyMapGenerator {
        neighbors,
        map_size: Size { height, width },
        sigma: 4.0,
        border,
    }
}

fn runtime_map(phi: &Array3<f32>, bank: Array2<f32>, generator: &AnomalyMapGenerator) -> Vec<f64> {
    let (_, height, width) = phi.dim();
    let size = generator.map_size;
    let blur = GaussianBlur::new(4.0, generator.border).unwrap();
    let bank = MemoryBank::new(bank).unwrap();
    let channels = bank.channels();
    let shape = LevelShape {
        height,
        width,
        channels,
    };
    let descriptors = Descriptors::whole(shape).unwrap();
    let head = Head::new(bank, descriptors, 3, size, &blur).unwrap();
    let channels_last = phi.view().permuted_axes([1, 2, 0]);
    let (map, _) = head
        .anomaly_map(&[channels_last.as_standard_layout().view()])
        .unwrap();
    map.values.into_iter().map(f64::from).collect()
}

/// Tolerance: 1e-5 of the largest value; both sum the same few hundred f32 terms
/// in another order.
#[test]
fn the_runtime_computes_the_same_map() {
    let (d, h, w, entries) = (7, 13, 9, 40);
    let (phi, bank) = (
        noise_tensor(1, &[2, d, h, w]),
        noise_tensor(2, &[entries, d]),
    );
    let scale = Size {
        height: h,
        width: w,
    };
    for border in [Border::Mirror, Border::MirrorRepeatEdge] {
        let generator = generator(3, 50, 36, border);
        let (distances, _) = smallest_squared_distances(&rows(&phi).unwrap(), &bank, 3).unwrap();
        let Scored {
            patch_scores,
            anomaly_map,
            image_scores,
        } = generator.forward(Some(&distances), Some(scale)).unwrap();
        assert_eq!(patch_scores.size(), [2, 1, h as i64, w as i64]);
        assert_eq!(anomaly_map.size(), [2, 50, 36]);
        for image in 0..2 {
            let values = host_values(&phi.get(image)).unwrap();
            let features = Array3::from_shape_vec((d, h, w), values).unwrap();
            let bank = Array2::from_shape_vec((entries, d), host_values(&bank).unwrap()).unwrap();
            let expected = runtime_map(&features, bank, &generator);
            let largest = expected.iter().copied().fold(0.0, f64::max);
            let tolerance = 1e-5 * largest;
            assert!(largest > 0.01);
            assert_close(&f64_values(&anomaly_map.get(image)), &expected, tolerance);
            assert_close(&f64_values(&image_scores.get(image)), &[largest], tolerance);
        }
    }
}

#[test]
fn the_borders_differ_at_the_edge_alone() {
    let scores = noise_tensor(3, &[1, 1, 60, 60]).abs();
    let map = |border| {
        let map = generator(1, 60, 60, border).compute_anomaly_map(&scores);
        f64_values(&map.unwrap())
    };
    let (mirror, repeat) = (map(Border::Mirror), map(Border::MirrorRepeatEdge));
    let at = |map: &[f64], row: usize| map[row * 60 + 30];
    assert!((at(&mirror, 0) - at(&repeat, 0)).abs() > 1e-4);
    assert!((at(&mirror, 30) - at(&repeat, 30)).abs() < 1e-7);
}

#[test]
fn a_map_smaller_than_the_blur_is_an_error() {
    let distances = noise_tensor(1, &[1, 16, 4]).abs();
    let scale = Size {
        height: 4,
        width: 4,
    };
    let small = generator(1, 16, 40, Border::Mirror);
    assert!(small.forward(Some(&distances), Some(scale)).is_err());
}

#[test]
fn a_missing_distance_or_scale_is_named() {
    let distances = noise_tensor(1, &[1, 16, 4]).abs();
    let scale = Size {
        height: 4,
        width: 4,
    };
    let generator = generator(1, 40, 40, Border::Mirror);
    for (distance, scale, word) in [
        (None, Some(scale), "distance"),
        (Some(&distances), None, "scale"),
    ] {
        let error = generator.forward(distance, scale).unwrap_err();
        assert!(matches!(error, ModelError::Missing(name) if name == word));
        assert!(error.to_string().contains(word));
    }
}
