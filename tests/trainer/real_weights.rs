//! Backbone features with published weights against the publishers' own code
//! (`mobilenet_v2_reference.py`, `efficientnet_lite0_reference.py`).

use std::path::PathBuf;

use cfa_runtime::preprocess::Size;
use cfa_train::backbone::{Backbone, TapActivation};
use cfa_train::network::TorchNetwork;
use cfa_train::tensor::from_values;
use cfa_train::training::fitting_weights;
use serde::Deserialize;
use tch::{Device, Tensor, no_grad};

use crate::tap_reference::TapReference;
use crate::workshop::{mobilenet_weights, present};

#[derive(Deserialize)]
struct Reference {
    side: usize,
    taps: Vec<TapReference>,
}

/// Bytes (37 i) mod 256 in the order channel, row, column, normalised as the
/// backbone wants it.
fn pattern(backbone: Backbone, side: usize) -> Tensor {
    let size = Size {
        height: side,
        width: side,
    };
    let recipe = backbone.preprocessing(size, None);
    let value = |i: usize| {
        let channel = i / (side * side);
        let [mean, std] = [recipe.mean, recipe.std].map(|v| f64::from(v[channel]));
        (((i * 37 % 256) as f64 / 255.0 - mean) / std) as f32
    };
    let values: Vec<f32> = (0..3 * side * side).map(value).collect();
    from_values(&values, &[1, 3, side, side]).unwrap()
}

fn compare(backbone: Backbone, weights: Option<PathBuf>, reference: &str) {
    let Some(path) = weights else {
        return;
    };
    let reference: Reference = serde_json::from_str(reference).unwrap();
    let weights = fitting_weights(backbone, &path).unwrap();
    let graph = backbone.graph(TapActivation::Relu);
    let network = TorchNetwork::new(graph, &weights.tensors, Device::Cpu).unwrap();
    let input = pattern(backbone, reference.side);
    let maps = no_grad(|| network.forward(&[input])).unwrap();
    assert_eq!(maps.len(), reference.taps.len());
    for ((map, tap), listed) in maps.iter().zip(&reference.taps).zip(backbone.taps()) {
        tap.assert_matches(listed.layer, map);
    }
}

#[test]
fn mobilenet_v2_gives_torchvisions_features() {
    let reference = include_str!("mobilenet_v2_reference.json");
    compare(Backbone::MobilenetV2, mobilenet_weights(), reference);
}

#[test]
fn efficientnet_lite0_gives_its_packages_features() {
    let weights = present(".native/weights/efficientnet-lite0-57934424.pth");
    let reference = include_str!("efficientnet_lite0_reference.json");
    compare(Backbone::EfficientnetLite0, weights, reference);
}
