#![allow(clippy::unwrap_used, reason = "for tests only")]

use ndarray::{Array2, Array3, Ix2, Ix3};

use super::{Head, HeadError};
use crate::anomaly_map::{AnomalyMap, BlurError, Border, GaussianBlur};
use crate::golden_vectors::{GoldenVectors, assert_close};
use crate::memory_bank::{MemoryBank, NeighborsError};
use crate::preprocess::Size;

fn square(side: usize) -> Size {
    Size {
        height: side,
        width: side,
    }
}

fn head_of(bank: Array2<f32>, border: Border, feature_side: usize, map_side: usize) -> Head {
    let blur = GaussianBlur::new(4.0, border).unwrap();
    Head::new(
        MemoryBank::new(bank).unwrap(),
        3,
        square(feature_side),
        square(map_side),
        blur,
    )
    .unwrap()
}

/// The golden README allows 1e-4 of the maximum. The reference's softmin is
/// itself off by 6e-6 (section 14), mostly in its distances; measured 1.1e-6
/// for the map. 5e-6 is kept.
#[test]
fn golden_maps_are_reproduced() {
    let Some(golden) = GoldenVectors::open("case_r18_s64_gc1_gd1.safetensors") else {
        return;
    };
    for (reference, border, score) in [
        ("anomalib", Border::Mirror, "pred_score"),
        ("official", Border::MirrorRepeatEdge, "anomaly_map"),
    ] {
        let tensor = |name: &str| golden.tensor(&format!("{reference}/{name}"));
        let bank = tensor("memory_bank")
            .into_dimensionality::<Ix2>()
            .unwrap()
            .reversed_axes();
        let head = head_of(bank, border, 16, 64);
        let (phi, maps) = (tensor("phi"), tensor("anomaly_map"));
        for (image, (phi, expected)) in phi.outer_iter().zip(maps.outer_iter()).enumerate() {
            let features = phi.into_dimensionality::<Ix3>().unwrap();
            let (map, _) = head.anomaly_map(&features).unwrap();
            let expected = expected.into_dimensionality::<Ix2>().unwrap();
            assert_close(
                &format!("{reference} map {image}"),
                &map.values,
                &expected,
                5e-6,
            );
            if score == "pred_score" {
                let expected = tensor(score)[[image]];
                assert!((map.max() - expected).abs() <= 5e-6 * expected);
            }
        }
    }
}

/// One training image against its own bank: the reference's squared distances go
/// below zero there, clamped ones give a map that is wrong by the cancellation
/// noise √(1e-7 · |φ|²). Ours must follow the `f64` recomputation instead.
#[test]
fn an_image_scored_against_itself_is_clean() {
    let side = 16;
    let bank = Array2::from_shape_fn((side * side, 64), |(row, channel)| {
        ((row * 31 + channel * 17) % 101) as f32 / 7.0
    });
    let features = bank.t().as_standard_layout().into_owned();
    let features = features.into_shape_with_order((64, side, side)).unwrap();
    let (map, _) = head_of(bank, Border::Mirror, side, 64)
        .anomaly_map(&features)
        .unwrap();
    assert_eq!(
        map,
        AnomalyMap {
            values: Array2::zeros((64, 64))
        }
    );
}

#[test]
fn any_layout_and_number_of_threads_gives_the_same_bits() {
    let value = |a: usize, b: usize| ((a * 7919 + b * 104_729) % 1009) as f32 / 100.0;
    let head = head_of(
        Array2::from_shape_fn((500, 40), |(m, d)| value(m, d)),
        Border::Mirror,
        20,
        80,
    );
    let features = Array3::from_shape_fn((40, 20, 20), |(d, y, x)| value(x + 20 * y + 3, d));
    let pool = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
    };
    let one = pool(1).install(|| head.anomaly_map(&features).unwrap().0);
    let four = pool(4).install(|| head.anomaly_map(&features).unwrap().0);
    assert_eq!(one, four);
    let channels_last = features
        .view()
        .permuted_axes([1, 2, 0])
        .as_standard_layout()
        .into_owned();
    let other_layout = channels_last.view().permuted_axes([2, 0, 1]);
    assert_eq!(head.anomaly_map(&other_layout).unwrap().0, one);
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let bank = || MemoryBank::new(Array2::zeros((5, 4))).unwrap();
    let blur = || GaussianBlur::new(4.0, Border::Mirror).unwrap();
    let many = Head::new(bank(), 6, square(4), square(32), blur()).unwrap_err();
    assert!(matches!(
        many,
        HeadError::Neighbors(NeighborsError::Count { k: 6, centroids: 5 })
    ));
    let empty = Head::new(bank(), 3, square(0), square(32), blur()).unwrap_err();
    assert!(matches!(empty, HeadError::Empty { .. }));
    let small = Head::new(bank(), 3, square(4), square(16), blur()).unwrap_err();
    assert!(matches!(
        small,
        HeadError::Blur(BlurError::MapTooSmall { .. })
    ));

    let head = Head::new(bank(), 3, square(4), square(32), blur()).unwrap();
    let shape = head.anomaly_map(&Array3::zeros((4, 4, 5))).unwrap_err();
    assert!(matches!(
        shape,
        HeadError::FeatureShape {
            found: [4, 4, 5],
            ..
        }
    ));
    let mut features = Array3::zeros((4, 4, 4));
    features[[2, 1, 3]] = f32::NAN;
    let nan = head.anomaly_map(&features).unwrap_err();
    assert!(matches!(
        nan,
        HeadError::Neighbors(NeighborsError::NotFinite { position: 7 })
    ));
}
