//! Bundles of versions before this one.

use std::num::NonZeroU16;

use serde_json::json;

use super::*;
use crate::picture::OrientationRule;

/// The small bundle as format 3 had it, after `change`.
fn third_version(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    rewritten(|manifest, _| {
        manifest["format_version"] = json!(3);
        manifest.as_object_mut().unwrap().remove("method");
        let recipe = manifest["preprocessing"].as_object_mut().unwrap();
        recipe.remove("orientation");
        recipe.remove("white_level");
        change(manifest);
    })
}

/// The small bundle as the writer of format 4 wrote it.
const FORMAT_4: &[u8] = include_bytes!("format_4.cfa");

#[test]
fn a_bundle_of_format_4_is_still_read() {
    let parts = Bundle::from_bytes(FORMAT_4).unwrap().into_parts();
    let expected = small();
    assert_eq!(parts.manifest.format_version, 4);
    assert_eq!(parts.network_onnx, expected.network_onnx);
    assert_eq!(parts.tensors.coordinates, expected.tensors.coordinates);
    assert_eq!(parts.tensors.memory_bank, expected.tensors.memory_bank);
    assert_eq!(parts.golden, expected.golden);
    let listed_now = Manifest {
        format_version: 4,
        parts: parts.manifest.parts.clone(),
        ..expected.manifest
    };
    assert_eq!(parts.manifest, listed_now);
}

#[test]
fn a_bundle_of_format_3_reads_stored_pixels() {
    let manifest = Bundle::from_bytes(&third_version(|_| ())).unwrap().manifest;
    let recipe = &manifest.preprocessing;
    assert_eq!(manifest.format_version, 3);
    assert_eq!(recipe.parts().orientation, OrientationRule::Stored);
    assert_eq!(recipe.parts().white_level, None);
}

#[test]
fn a_bundle_of_format_3_is_written_again_with_its_rule() {
    let parts = Bundle::from_bytes(&third_version(|_| ()))
        .unwrap()
        .into_parts();
    let again = Bundle::from_bytes(&write::encode(parts).unwrap()).unwrap();
    assert_eq!(again.manifest.format_version, 5);
    assert_eq!(again.manifest.method, "cfa");
    assert_eq!(
        again.manifest.preprocessing.parts().orientation,
        OrientationRule::Stored
    );
}

#[test]
fn fields_of_format_4_in_format_3_are_refused() {
    for (field, value) in [("orientation", json!("exif")), ("white_level", json!(4095))] {
        let file = third_version(|manifest| manifest["preprocessing"][field] = value);
        assert!(
            matches!(problem(&file), BundleProblem::Manifest(_)),
            "{field}"
        );
    }
}

#[test]
fn format_4_names_the_orientation_rule() {
    let file = rewritten(|manifest, _| {
        let recipe = manifest["preprocessing"].as_object_mut().unwrap();
        recipe.remove("orientation");
    });
    assert!(matches!(problem(&file), BundleProblem::Manifest(_)));
    for value in [json!("upright"), json!(6), json!(null)] {
        let file = rewritten(|manifest, _| manifest["preprocessing"]["orientation"] = value);
        assert!(matches!(problem(&file), BundleProblem::Manifest(_)));
    }
}

#[test]
fn the_white_level_is_kept_and_0_is_none() {
    let with = |value| rewritten(|manifest, _| manifest["preprocessing"]["white_level"] = value);
    let read = |value| Bundle::from_bytes(&with(value)).unwrap().manifest;
    let level = |value| {
        read(value)
            .preprocessing
            .parts()
            .white_level
            .map(NonZeroU16::get)
    };
    assert_eq!(level(json!(4095)), Some(4095));
    assert_eq!(level(json!(null)), None);
    for value in [json!(0), json!(65_536), json!(-1), json!(0.5)] {
        assert!(matches!(problem(&with(value)), BundleProblem::Manifest(_)));
    }
}
