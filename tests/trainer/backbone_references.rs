//! Every backbone against the publishers' own code (`backbone_references.py`),
//! under each naming that a file may have.

use std::fs;
use std::path::Path;

use cfa_train::backbone::{Backbone, Naming, TapActivation, UnfitWeights};
use cfa_train::error::TrainError;
use cfa_train::network::TorchNetwork;
use cfa_train::tensor::from_values;
use cfa_train::training::fitting_weights;
use serde::Deserialize;
use tch::{Device, Tensor, no_grad};

use crate::drawn_weights;
use crate::tap_reference::TapReference;
use crate::workshop::one_thread;

const REFERENCES: &str = include_str!("backbone_references.json");

#[derive(Deserialize)]
struct References {
    height: usize,
    width: usize,
    networks: Vec<NetworkReference>,
}

#[derive(Deserialize)]
struct NetworkReference {
    backbone: String,
    naming: String,
    model: String,
    taps: Vec<TapReference>,
}

fn naming(name: &str) -> Naming {
    match name {
        "torchvision" => Naming::Torchvision,
        "timm" => Naming::Timm,
        "efficientnet_pytorch" => Naming::EfficientnetPytorch,
        other => panic!("{other}"),
    }
}

/// Bytes (37 i) mod 256 in the order channel, row, column, mapped to −2…2.
fn pattern(height: usize, width: usize) -> Tensor {
    let values: Vec<f32> = (0..3 * height * width)
        .map(|i| (i * 37 % 256) as f32 / 64.0 - 2.0)
        .collect();
    from_values(&values, &[1, 3, height, width]).unwrap()
}

#[test]
fn every_backbone_gives_its_publishers_features() {
    one_thread();
    let folder = tempfile::tempdir().unwrap();
    let references: References = serde_json::from_str(REFERENCES).unwrap();
    let input = pattern(references.height, references.width);
    for reference in &references.networks {
        let backbone: Backbone = reference.backbone.parse().unwrap();
        let naming = naming(&reference.naming);
        let path = drawn_weights::write(folder.path(), &reference.model, backbone, naming);
        let weights = fitting_weights(backbone, &path).unwrap();
        let graph = backbone.graph(TapActivation::Relu);
        let network = TorchNetwork::new(graph, &weights.tensors, Device::Cpu).unwrap();
        let maps = no_grad(|| network.forward(&[input.shallow_clone()])).unwrap();
        assert_eq!(maps.len(), reference.taps.len());
        for ((map, tap), listed) in maps.iter().zip(&reference.taps).zip(backbone.taps()) {
            tap.assert_matches(&format!("{} {}", reference.model, listed.layer), map);
            assert_eq!(tap.shape[1], listed.channels as i64);
        }
    }
}

#[test]
fn every_backbone_and_naming_has_a_reference() {
    let references: References = serde_json::from_str(REFERENCES).unwrap();
    let has = |backbone: Backbone, wanted: Naming| {
        let mut networks = references.networks.iter();
        networks.any(|r| r.backbone == backbone.name() && naming(&r.naming) == wanted)
    };
    for backbone in Backbone::ALL {
        for naming in Naming::ALL {
            // The torchvision names of mobilenet_v2 are in `torchvision.rs`.
            let elsewhere = (backbone, naming) == (Backbone::MobilenetV2, Naming::Torchvision);
            let stored = backbone.stored_graph(naming).is_some() && !elsewhere;
            assert_eq!(has(backbone, naming), stored, "{backbone} {naming:?}");
        }
    }
}

fn problem(backbone: Backbone, path: &Path) -> UnfitWeights {
    match fitting_weights(backbone, path).unwrap_err() {
        TrainError::ForeignWeights(foreign) => {
            assert!(foreign.to_string().contains("model.safetensors"));
            foreign.problem
        }
        other => panic!("{other}"),
    }
}

/// The file as timm's twin, with another padding, would hold it: same names, same
/// shapes. Only the path can tell.
#[test]
fn timms_twins_are_told_apart_by_the_path() {
    let folder = tempfile::tempdir().unwrap();
    for backbone in Backbone::ALL {
        let Some([wanted, twin]) = backbone.published_weights().timm else {
            continue;
        };
        let good = format!("models--timm--{wanted}.in1k/snapshots/1");
        let path = drawn_weights::write(folder.path(), &good, backbone, Naming::Timm);
        fitting_weights(backbone, &path).unwrap();
        let moved = |folders: &str| {
            let place = folder.path().join(folders).join("model.safetensors");
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(&path, &place).unwrap();
            place
        };
        let twins = moved(&format!("{wanted}/{twin}_ns"));
        assert_eq!(
            problem(backbone, &twins),
            UnfitWeights::Twin { twin, wanted }
        );
        let nameless = moved(&format!("{backbone:?}"));
        assert_eq!(
            problem(backbone, &nameless),
            UnfitWeights::Ambiguous { twin, wanted }
        );
    }
}

#[test]
fn the_port_from_tensorflow_is_refused_where_torchvisions_padding_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let lite = Backbone::EfficientnetLite0;
    let path = drawn_weights::write(folder.path(), "lite", lite, Naming::EfficientnetPytorch);
    assert_eq!(
        problem(Backbone::EfficientnetB0, &path),
        UnfitWeights::Publisher
    );
    assert!(matches!(
        problem(Backbone::Resnet18, &path),
        UnfitWeights::Tensors(_)
    ));
}
