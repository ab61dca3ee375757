#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod method;
mod network_file;
mod older;
mod settings;
mod writing;

use std::collections::HashMap;

use ndarray::Array2;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use super::digest::sha256;
use super::*;
use crate::bundle::{
    AnomalyMapSettings, Bundle, BundleParts, CfaSettings, CfaTensors, DescriptorShape, Manifest,
    MemoryBankShape, ScoreSettings,
};
use crate::calibration::Calibration;
use crate::cfa::anomaly_map::Border;
use crate::cfa::head::LevelShape;
use crate::cfa::memory_bank::BoundingAxes;
use crate::picture::Picture;
use crate::preprocess::{Preprocessing, Size};

/// A bundle of a few kilobytes: nothing in it is trained, all of it fits together.
fn small() -> BundleParts {
    let map = Array2::from_shape_fn((8, 8), |(row, column)| (row * 8 + column) as f32 / 50.0);
    let samples = (0..6 * 4 * 3).map(|i| i * 3).collect();
    let record = GoldenRecord {
        picture: Picture::from_rgb8(6, 4, samples).unwrap(),
        anomaly_map: map,
    };
    BundleParts {
        manifest: small_manifest(),
        network_onnx: b"any bytes will do here".to_vec(),
        tensors: CfaTensors {
            coordinates: Array2::from_shape_fn((2, 2), |(row, column)| row as f32 + column as f32),
            memory_bank: Array2::from_shape_fn((4, 3), |(row, column)| row as f32 - column as f32),
        },
        golden: vec![record],
    }
}

fn level(side: usize, channels: usize) -> LevelShape {
    LevelShape {
        height: side,
        width: side,
        channels,
    }
}

fn small_manifest() -> Manifest {
    Manifest {
        format: Manifest::FORMAT.to_owned(),
        format_version: Manifest::FORMAT_VERSION,
        method: "cfa".to_owned(),
        created_by: "a test".to_owned(),
        preprocessing: Preprocessing::imagenet(
            Size {
                height: 8,
                width: 8,
            },
            None,
        )
        .unwrap(),
        backbone: BackboneIdentity {
            name: "resnet18".to_owned(),
            weights_file: "resnet18.safetensors".to_owned(),
            weights_sha256: "0123456789abcdef".repeat(4),
        },
        network_precision: NetworkPrecision::F32,
        settings: small_settings(),
        calibration: Calibration::default(),
        training: serde_json::json!({ "epochs": 30, "seed": 7 }),
        heatmap_range: HeatmapRange {
            low: 0.0,
            high: 1.3,
        },
        golden: vec![GoldenSample {
            name: "good/000.png".to_owned(),
            score: 63.0 / 50.0,
        }],
        parts: Vec::new(),
    }
}

fn small_settings() -> CfaSettings {
    CfaSettings {
        descriptor: DescriptorShape {
            channels: 3,
            feature_height: 2,
            feature_width: 2,
            gamma_d: 1,
            levels: vec![level(2, 2), level(1, 3)],
        },
        memory_bank: MemoryBankShape {
            centroids: 4,
            gamma_c: 1,
            bounding_axes: BoundingAxes {
                first: 1,
                second: 2,
            },
        },
        score: ScoreSettings { neighbors: 3 },
        anomaly_map: AnomalyMapSettings {
            height: 8,
            width: 8,
            sigma: 0.1,
            border: Border::Mirror,
        },
        golden_tolerance: 1e-3,
    }
}

fn small_file() -> Vec<u8> {
    write::encode(small()).unwrap()
}

fn problem(file: &[u8]) -> BundleProblem {
    Bundle::from_bytes(file).unwrap_err().problem
}

type Tensors<'a> = Vec<(String, TensorView<'a>)>;

/// The small file after `change`, with header and manifest digest made to fit:
/// damage that only the checks behind the digests can find.
fn rewritten(change: impl FnOnce(&mut serde_json::Value, &mut Tensors<'_>)) -> Vec<u8> {
    let file = small_file();
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let json = &header.metadata().as_ref().unwrap()["cfa.manifest"];
    let mut manifest = serde_json::from_str(json).unwrap();
    let mut tensors = SafeTensors::deserialize(&file).unwrap().tensors();
    change(&mut manifest, &mut tensors);
    let json = manifest.to_string();
    let digest = sha256(json.as_bytes());
    for (_, tensor) in tensors
        .iter_mut()
        .filter(|(name, _)| name == "manifest.sha256")
    {
        *tensor = TensorView::new(tensor.dtype(), tensor.shape().to_vec(), &digest).unwrap();
    }
    let header = HashMap::from([("cfa.manifest".to_owned(), json)]);
    safetensors::serialize(tensors, Some(header)).unwrap()
}

#[test]
fn what_is_written_is_read_back() {
    let bundle = Bundle::from_bytes(&small_file()).unwrap();
    let parts = small();
    assert_eq!(bundle.network_onnx(), parts.network_onnx);
    assert_eq!(bundle.tensors(), &parts.tensors);
    let golden: Vec<_> = bundle.golden_samples().collect();
    assert_eq!(golden, [(&parts.manifest.golden[0], &parts.golden[0])]);
    let filled_in = Manifest {
        parts: bundle.manifest.parts.clone(),
        ..parts.manifest
    };
    assert_eq!(bundle.manifest, filled_in);
}

#[test]
fn the_manifest_lists_every_part_by_name() {
    let bundle = Bundle::from_bytes(&small_file()).unwrap();
    let listed = bundle.manifest.parts.iter().map(|part| {
        (
            part.name.as_str(),
            part.dtype,
            part.shape.as_slice(),
            part.bytes,
        )
    });
    let expected: [(&str, PartType, &[usize], u64); 5] = [
        ("coordinates", PartType::F32, &[2, 2], 16),
        ("golden.0.anomaly_map", PartType::F32, &[8, 8], 256),
        ("golden.0.picture", PartType::U8, &[4, 6, 3], 72),
        ("memory_bank", PartType::F32, &[4, 3], 48),
        ("network.onnx", PartType::U8, &[22], 22),
    ];
    assert!(listed.eq(expected));
}

#[test]
fn reading_and_writing_again_gives_the_same_bytes() {
    let file = small_file();
    let again = write::encode(Bundle::from_bytes(&file).unwrap().into_parts()).unwrap();
    assert_eq!(again, file);
}

#[test]
fn a_file_rewritten_without_a_change_is_accepted() {
    let file = rewritten(|_, _| ());
    assert!(Bundle::from_bytes(&file).is_ok());
}

#[test]
fn the_digest_is_that_of_the_whole_file() {
    let file = small_file();
    let bundle = Bundle::from_bytes(&file).unwrap();
    assert_eq!(bundle.digest_hex(), digest::sha256_hex(&file));
    // SHA-256 of no bytes at all.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digest::sha256_hex(b""), empty);
}

#[test]
fn a_bundle_may_hold_no_golden_samples_or_many() {
    for count in [0, 12] {
        let mut parts = small();
        parts.golden = vec![parts.golden[0].clone(); count];
        parts.manifest.golden = vec![parts.manifest.golden[0].clone(); count];
        let bundle = Bundle::from_bytes(&write::encode(parts.clone()).unwrap()).unwrap();
        assert_eq!(bundle.into_parts().golden, parts.golden);
    }
}
