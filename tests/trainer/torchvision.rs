//! Backbone features against torchvision's own (`mobilenet_v2_reference.py`).

use cfa_train::backbone::Backbone;
use cfa_train::fit::fitting_weights;
use cfa_train::network::TorchNetwork;
use cfa_train::tensor::{from_values, host_values};
use serde::Deserialize;
use tch::{Device, no_grad};

use crate::workshop::mobilenet_weights;

const REFERENCE: &str = include_str!("mobilenet_v2_reference.json");

#[derive(Deserialize)]
struct Reference {
    side: usize,
    taps: Vec<Tap>,
}

#[derive(Deserialize)]
struct Tap {
    layer: String,
    shape: Vec<i64>,
    places: Vec<usize>,
    values: Vec<f64>,
    sum: f64,
    sum_of_squares: f64,
    largest: f64,
}

/// Bytes (37 i) mod 256 in the order channel, row, column, normalised.
fn pattern(side: usize) -> Vec<f32> {
    let (mean, std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
    let value = |i: usize| {
        let channel = i / (side * side);
        (((i * 37 % 256) as f64 / 255.0 - mean[channel]) / std[channel]) as f32
    };
    (0..3 * side * side).map(value).collect()
}

/// Tolerance 1e-4 of the largest value, for sums times the number of values: the
/// same libtorch kernels may sum in another order on another processor.
#[test]
fn mobilenet_v2_gives_torchvisions_features() {
    let Some(path) = mobilenet_weights() else {
        return;
    };
    let reference: Reference = serde_json::from_str(REFERENCE).unwrap();
    let weights = fitting_weights(Backbone::MobilenetV2, &path).unwrap();
    let graph = Backbone::MobilenetV2.graph();
    let network = TorchNetwork::new(graph, &weights.tensors, Device::Cpu).unwrap();
    let shape = [1, 3, reference.side, reference.side];
    let input = from_values(&pattern(reference.side), &shape).unwrap();
    let maps = no_grad(|| network.forward(&[input])).unwrap();
    assert_eq!(maps.len(), reference.taps.len());
    for ((map, tap), ours) in maps
        .iter()
        .zip(&reference.taps)
        .zip(Backbone::MobilenetV2.taps())
    {
        assert_eq!(
            (tap.layer.as_str(), map.size()),
            (ours.layer, tap.shape.clone())
        );
        let values: Vec<f64> = host_values(map)
            .unwrap()
            .into_iter()
            .map(f64::from)
            .collect();
        let tolerance = 1e-4 * tap.largest;
        for (&place, expected) in tap.places.iter().zip(&tap.values) {
            let error = (values[place] - expected).abs();
            assert!(
                error <= tolerance,
                "{} at {place}: off by {error}",
                tap.layer
            );
        }
        let count = values.len() as f64;
        let sum: f64 = values.iter().sum();
        let squares: f64 = values.iter().map(|v| v * v).sum();
        assert!(
            (sum - tap.sum).abs() <= tolerance * count,
            "{}: sum {sum}",
            tap.layer
        );
        let allowed = 2.0 * tolerance * tap.largest * count;
        assert!(
            (squares - tap.sum_of_squares).abs() <= allowed,
            "{}: {squares}",
            tap.layer
        );
    }
}
