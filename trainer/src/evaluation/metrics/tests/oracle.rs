//! Figures of scikit-learn, `SciPy` and `NumPy`, recorded by
//! `tests/trainer/metrics_reference.py`.

use ndarray::Array3;
use serde::Deserialize;

use super::super::{
    F1Max, PixelMetrics, PixelScores, RankedPixels, aupro, auroc, average_precision, curve, f1_max,
};

/// Both sides add and divide at most some hundred numbers of 64 bits.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Reference {
    images: Vec<ImageCase>,
    pixels: Vec<PixelCase>,
}

#[derive(Deserialize)]
struct ImageCase {
    scores: Vec<f32>,
    labels: Vec<bool>,
    auroc: f64,
    average_precision: f64,
    f1_max: f64,
    f1_max_threshold: f32,
}

#[derive(Deserialize)]
struct PixelCase {
    shape: (usize, usize, usize),
    maps: Vec<f32>,
    masks: Vec<u8>,
    regions: u64,
    auroc: f64,
    f1_max: f64,
    f1_max_threshold: f32,
    aupro: std::collections::BTreeMap<String, f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!(
        "../../../../../tests/trainer/metrics_reference.json"
    ))
    .unwrap()
}

#[track_caller]
fn assert_near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < TOLERANCE, "{found} {expected}");
}

#[track_caller]
fn assert_best(found: Option<F1Max>, value: f64, threshold: f32) {
    assert_near(found.map(|best| best.value), value);
    assert_eq!(found.unwrap().threshold, threshold);
}

impl PixelCase {
    fn pictures(&self) -> Vec<PixelScores> {
        let maps = Array3::from_shape_vec(self.shape, self.maps.clone()).unwrap();
        let masks = self.masks.iter().map(|&mask| mask != 0).collect();
        let masks = Array3::from_shape_vec(self.shape, masks).unwrap();
        let pairs = maps.outer_iter().zip(masks.outer_iter());
        pairs
            .map(|(map, mask)| {
                let mut pixels = PixelScores::default();
                pixels.add(&map, &mask).unwrap();
                pixels
            })
            .collect()
    }

    fn together(&self) -> RankedPixels {
        let maps = Array3::from_shape_vec(self.shape, self.maps.clone()).unwrap();
        let masks = self.masks.iter().map(|&mask| mask != 0).collect();
        let masks = Array3::from_shape_vec(self.shape, masks).unwrap();
        let mut pixels = PixelScores::default();
        for (map, mask) in maps.outer_iter().zip(masks.outer_iter()) {
            pixels.add(&map, &mask).unwrap();
        }
        pixels.rank()
    }
}

#[test]
fn figures_of_pictures_are_those_of_scikit_learn() {
    let reference = reference();
    assert_eq!(reference.images.len(), 4);
    for case in reference.images {
        let (scores, labels) = (&case.scores, &case.labels);
        assert_near(auroc(scores, labels).unwrap(), case.auroc);
        let precision = average_precision(scores, labels).unwrap();
        assert_near(precision, case.average_precision);
        let best = f1_max(scores, labels).unwrap();
        assert_best(best, case.f1_max, case.f1_max_threshold);
    }
}

#[test]
fn figures_of_pixels_are_those_of_scikit_learn_and_the_definition() {
    let reference = reference();
    assert_eq!(reference.pixels.len(), 3);
    for case in reference.pixels {
        let pixels = case.together();
        let found = PixelMetrics::measure(&[&pixels]).unwrap();
        assert_eq!(found.regions, case.regions);
        assert_near(found.auroc, case.auroc);
        assert_best(found.f1_max, case.f1_max, case.f1_max_threshold);
        assert_near(found.aupro_03, case.aupro["0.3"]);
        assert_near(found.aupro_005, case.aupro["0.05"]);
        assert_near(aupro(&[&pixels], 1.0).unwrap(), case.aupro["1.0"]);
    }
}

/// How pictures are spread over parts changes the order of one sum alone: 1e-12.
#[test]
fn parts_taken_together_are_as_one_set() {
    for case in reference().pixels {
        let parts: Vec<RankedPixels> = case.pictures().into_iter().map(PixelScores::rank).collect();
        let apart = PixelMetrics::measure(&parts.iter().collect::<Vec<_>>()).unwrap();
        let together = PixelMetrics::measure(&[&case.together()]).unwrap();
        assert_eq!(
            (apart.auroc, apart.f1_max),
            (together.auroc, together.f1_max)
        );
        assert_near(apart.aupro_03, together.aupro_03.unwrap());
        assert_near(apart.aupro_005, together.aupro_005.unwrap());
    }
}

/// The areas are found again from the points of the curves.
#[test]
fn the_curves_have_the_areas_of_the_figures() {
    for case in reference().images {
        let (mut roc, mut precision) = (0.0, 0.0);
        let (mut rate, mut recall) = (0.0, 0.0);
        for point in curve(&case.scores, &case.labels).unwrap() {
            roc += (point.false_positive_rate - rate) * f64::midpoint(recall, point.recall);
            precision += (point.recall - recall) * point.precision;
            (rate, recall) = (point.false_positive_rate, point.recall);
        }
        assert_eq!((rate, recall), (1.0, 1.0));
        assert_near(Some(roc), case.auroc);
        assert_near(Some(precision), case.average_precision);
    }
}
