//! Settings and parts that do not fit each other, on writing and on reading.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use super::*;

/// What writing the small bundle says after a change.
fn refused(change: impl FnOnce(&mut BundleParts)) -> BundleProblem {
    let mut parts = small();
    change(&mut parts);
    write::encode(parts).unwrap_err()
}

/// Asserts that a change is refused for the setting it was made to.
fn assert_refused(field: &str, change: impl FnOnce(&mut BundleParts)) {
    let found = refused(change);
    assert!(
        matches!(&found, BundleProblem::Setting { field: named, .. } if named == field),
        "{field}: {found:?}"
    );
}

#[test]
fn counts_must_be_above_zero() {
    assert_refused("descriptor.channels", |p| {
        p.manifest.settings.descriptor.channels = 0;
    });
    assert_refused("descriptor.feature_height", |p| {
        p.manifest.settings.descriptor.feature_height = 0;
    });
    assert_refused("descriptor.feature_width", |p| {
        p.manifest.settings.descriptor.feature_width = 0;
    });
    assert_refused("descriptor.gamma_d", |p| {
        p.manifest.settings.descriptor.gamma_d = 0;
    });
    assert_refused("memory_bank.centroids", |p| {
        p.manifest.settings.memory_bank.centroids = 0;
    });
    assert_refused("memory_bank.gamma_c", |p| {
        p.manifest.settings.memory_bank.gamma_c = 0;
    });
    assert_refused("score.neighbors", |p| {
        p.manifest.settings.score.neighbors = 0;
    });
}

#[test]
fn neighbours_cannot_outnumber_centroids() {
    assert_refused("score.neighbors", |p| {
        p.manifest.settings.score.neighbors = 5;
    });
    let mut parts = small();
    parts.manifest.settings.score.neighbors = 4;
    assert!(write::encode(parts).is_ok());
}

#[test]
fn the_backbone_must_be_identified() {
    assert_refused("backbone.name", |p| p.manifest.backbone.name.clear());
    for text in ["", "0123", &"A".repeat(64), &"g".repeat(64)] {
        assert_refused("backbone.weights_sha256", |p| {
            text.clone_into(&mut p.manifest.backbone.weights_sha256);
        });
    }
}

#[test]
fn the_map_has_the_size_of_the_network_input() {
    assert_refused("anomaly_map", |p| p.manifest.settings.anomaly_map.width = 9);
    assert_refused("anomaly_map", |p| {
        let crop = Some(Size {
            height: 6,
            width: 8,
        });
        let recipe = &mut p.manifest.preprocessing;
        *recipe = recipe.changed(|parts| parts.center_crop = crop).unwrap();
    });
    assert_refused("descriptor", |p| {
        p.manifest.settings.descriptor.feature_width = 9;
    });
}

#[test]
fn the_blur_must_fit_the_map() {
    for sigma in [2.0, 0.0, -1.0, f32::NAN] {
        assert_refused("anomaly_map", |p| {
            p.manifest.settings.anomaly_map.sigma = sigma;
        });
    }
}

/// A recipe that is in memory was checked already.
#[test]
fn the_recipe_must_be_possible() {
    let file = rewritten(|manifest, _| manifest["preprocessing"]["std"][1] = 0.into());
    let BundleProblem::Manifest(reason) = problem(&file) else {
        panic!("accepted a deviation of 0")
    };
    assert!(reason.to_string().contains("preprocessing.std"), "{reason}");
}

#[test]
fn ranges_and_tolerances_must_be_usable() {
    for (low, high) in [
        (1.0, 1.0),
        (2.0, 1.0),
        (f32::NAN, 1.0),
        (0.0, f32::INFINITY),
    ] {
        assert_refused("heatmap_range", |p| {
            p.manifest.heatmap_range = HeatmapRange { low, high };
        });
    }
    for tolerance in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert_refused("golden_tolerance", |p| {
            p.manifest.settings.golden_tolerance = tolerance;
        });
    }
}

#[test]
fn the_memory_bank_is_finite_and_of_its_size() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_refused("memory_bank", |p| p.tensors.memory_bank[[3, 2]] = odd);
    }
    assert_refused("memory_bank", |p| {
        p.tensors.memory_bank = Array2::zeros((3, 4));
    });
}

#[test]
fn the_network_is_not_empty() {
    assert_refused("network.onnx", |p| p.network_onnx.clear());
}

#[test]
fn golden_samples_fit_their_description() {
    assert_refused("golden", |p| p.golden.clear());
    assert_refused("golden.0.anomaly_map", |p| {
        p.golden[0].anomaly_map = Array2::zeros((8, 7));
    });
    assert_refused("golden.0.anomaly_map", |p| {
        p.golden[0].anomaly_map[[0, 0]] = f32::NAN;
    });
    assert_refused("golden.0.anomaly_map", |p| p.manifest.golden[0].score = 1.3);
    assert_refused("golden.0.anomaly_map", |p| {
        p.manifest.golden[0].score = f32::NAN;
    });
}

#[test]
fn a_golden_picture_has_eight_bits() {
    use crate::picture::{PixelFormat, PixelView};
    let view = PixelView {
        format: PixelFormat::Gray16,
        width_px: 2,
        height_px: 1,
        stride_bytes: 4,
        data: &[0; 4],
    };
    let deep = Picture::from_raw(&view).unwrap();
    assert_refused("golden.0.picture", |p| p.golden[0].picture = deep);
}

/// Reading makes these checks, too, behind those of the digests.
#[test]
fn settings_are_checked_on_reading_too() {
    let file = rewritten(|manifest, _| manifest["score"]["neighbors"] = 5.into());
    assert!(
        matches!(problem(&file), BundleProblem::Setting { field, .. } if field == "score.neighbors")
    );
}

#[test]
fn levels_make_the_declared_descriptors() {
    let field = "descriptor.levels";
    assert_refused(field, |p| p.manifest.settings.descriptor.levels.clear());
    assert_refused(field, |p| p.manifest.settings.descriptor.levels.swap(0, 1));
    assert_refused(field, |p| p.manifest.settings.descriptor.feature_width = 1);
    assert_refused(field, |p| {
        p.manifest.settings.descriptor.levels[1].channels = 4;
    });
    assert_refused(field, |p| p.tensors.coordinates = Array2::zeros((2, 4)));
    assert_refused("coordinates", |p| {
        p.tensors.coordinates[[1, 1]] = f32::INFINITY;
    });
}

#[test]
fn bounding_axes_are_ascending_and_there() {
    for (first, second) in [(0, 2), (3, 2), (1, 4)] {
        let axes = BoundingAxes { first, second };
        assert_refused("memory_bank.bounding_axes", |p| {
            p.manifest.settings.memory_bank.bounding_axes = axes;
        });
    }
}

#[test]
fn a_bank_that_is_not_finite_is_refused_on_reading() {
    let data: Vec<u8> = [f32::NAN; 12]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let file = small_file();
    let mut manifest = Bundle::from_bytes(&file).unwrap().manifest;
    manifest.parts[3].sha256 = digest::sha256_hex(&data);
    let parts = serde_json::to_value(&manifest.parts).unwrap();
    let file = replace_bank(parts, &data);
    assert!(
        matches!(problem(&file), BundleProblem::Setting { field, .. } if field == "memory_bank")
    );
}

fn replace_bank(parts: serde_json::Value, data: &[u8]) -> Vec<u8> {
    let data = data.to_vec().leak();
    rewritten(|manifest, tensors| {
        manifest["parts"] = parts;
        for (_, tensor) in tensors.iter_mut().filter(|(name, _)| name == "memory_bank") {
            *tensor = TensorView::new(tensor.dtype(), tensor.shape().to_vec(), data).unwrap();
        }
    })
}
