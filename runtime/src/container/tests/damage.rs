//! Files that were cut, altered, or put together wrongly.

use serde_json::json;

use super::*;

#[test]
fn a_file_cut_at_any_byte_is_refused() {
    let file = small_file();
    for length in 0..file.len() {
        assert!(
            Bundle::from_bytes(&file[..length]).is_err(),
            "accepted {length} bytes"
        );
    }
}

#[test]
fn a_file_with_bytes_after_its_end_is_refused() {
    let mut file = small_file();
    file.push(b' ');
    assert!(matches!(problem(&file), BundleProblem::Container(_)));
}

#[test]
fn a_change_of_any_byte_is_refused() {
    let mut file = small_file();
    for position in 0..file.len() {
        for flip in [0x01, 0x20, 0x80, 0xFF] {
            file[position] ^= flip;
            assert!(
                Bundle::from_bytes(&file).is_err(),
                "byte {position} flipped by {flip:#x}"
            );
            file[position] ^= flip;
        }
    }
    assert!(Bundle::from_bytes(&file).is_ok());
}

#[test]
fn each_region_of_the_file_has_its_own_error() {
    let file = small_file();
    let flipped = |position: usize| {
        let mut file = file.clone();
        file[position] ^= 0x01;
        problem(&file)
    };
    let header_bytes = u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let inside = |name: &str| 8 + header_bytes + header.info(name).unwrap().data_offsets.0;
    let in_manifest = file.windows(6).position(|text| text == b"a test").unwrap();
    assert!(matches!(flipped(7), BundleProblem::HeaderTooLong { .. }));
    assert!(matches!(
        flipped(in_manifest),
        BundleProblem::ManifestDamaged
    ));
    assert!(matches!(
        flipped(inside("manifest.sha256")),
        BundleProblem::ManifestDamaged
    ));
    for part in [
        "network.onnx",
        "coordinates",
        "memory_bank",
        "golden.0.picture",
        "golden.0.anomaly_map",
    ] {
        let found = flipped(inside(part));
        assert!(
            matches!(&found, BundleProblem::PartDamaged { name } if name == part),
            "{found}"
        );
    }
}

#[test]
fn another_spelling_of_the_same_header_is_refused() {
    let file = small_file();
    let header_bytes = u64::from_le_bytes(*file.first_chunk().unwrap());
    let mut padded = (header_bytes + 8).to_le_bytes().to_vec();
    padded.extend(&file[8..8 + header_bytes as usize]);
    padded.extend([b' '; 8]);
    padded.extend(&file[8 + header_bytes as usize..]);
    assert!(SafeTensors::deserialize(&padded).is_ok());
    assert!(matches!(problem(&padded), BundleProblem::HeaderDamaged));
}

#[test]
fn other_files_are_told_apart() {
    assert!(matches!(problem(b""), BundleProblem::Container(_)));
    assert!(matches!(
        problem(b"PK\x03\x04 a zip file"),
        BundleProblem::HeaderTooLong { .. }
    ));
    let weights = TensorView::new(safetensors::Dtype::U8, vec![2], &[1, 2]).unwrap();
    let plain = safetensors::serialize([("weights", weights)], None).unwrap();
    assert!(matches!(problem(&plain), BundleProblem::NoManifest));
}

#[test]
fn a_newer_version_is_named_even_when_its_fields_are_unknown() {
    let file = rewritten(|manifest, _| {
        *manifest = json!({ "format": "cfa-bundle", "format_version": 6, "quantisation": "int8" });
    });
    let found = problem(&file);
    assert!(matches!(found, BundleProblem::NewerVersion { found: 6 }));
    assert!(
        found
            .to_string()
            .contains("made by a newer cfa-train; update cfa-run"),
        "{found}"
    );
}

#[test]
fn other_formats_and_versions_are_refused() {
    let with = |key: &str, value| rewritten(|manifest, _| manifest[key] = value);
    assert!(matches!(
        problem(&with("format", json!("zfa-bundle"))),
        BundleProblem::NotABundle { found } if found == "zfa-bundle"
    ));
    assert!(matches!(
        problem(&with("format_version", json!(0))),
        BundleProblem::OlderVersion { found: 0 }
    ));
    assert!(matches!(
        problem(&with("format_version", json!(2))),
        BundleProblem::OlderVersion { found: 2 }
    ));
    assert!(matches!(
        problem(&with("format_version", json!(-1))),
        BundleProblem::Manifest(_)
    ));
    assert!(matches!(
        problem(&with("format_version", json!(u64::MAX))),
        BundleProblem::NewerVersion { found: u64::MAX }
    ));
}

#[test]
fn missing_unknown_and_mistyped_fields_are_refused() {
    let removed = rewritten(|manifest, _| drop(manifest.as_object_mut().unwrap().remove("score")));
    let added = rewritten(|manifest, _| manifest["score"]["temperature"] = json!(2));
    let mistyped = rewritten(|manifest, _| manifest["score"]["neighbors"] = json!(-3));
    for file in [removed, added, mistyped] {
        assert!(matches!(problem(&file), BundleProblem::Manifest(_)));
    }
}

#[test]
fn a_missing_part_is_named() {
    for part in [
        "network.onnx",
        "coordinates",
        "memory_bank",
        "golden.0.picture",
        "manifest.sha256",
    ] {
        let file = rewritten(|_, tensors| tensors.retain(|(name, _)| name != part));
        let found = problem(&file);
        assert!(
            matches!(&found, BundleProblem::MissingPart { name } if name == part),
            "{found}"
        );
    }
}

#[test]
fn an_extra_part_is_named() {
    let file = rewritten(|_, tensors| {
        let copy = tensors[0].1.clone();
        tensors.push(("stowaway".to_owned(), copy));
    });
    assert!(matches!(problem(&file), BundleProblem::ExtraPart { name } if name == "stowaway"));
}

#[test]
fn the_list_of_parts_must_name_each_part_once() {
    let twice = rewritten(|manifest, _| {
        let parts = manifest["parts"].as_array_mut().unwrap();
        parts.push(parts[0].clone());
    });
    assert!(matches!(problem(&twice), BundleProblem::ExtraPart { .. }));
    let unlisted = rewritten(|manifest, _| drop(manifest["parts"].as_array_mut().unwrap().pop()));
    assert!(matches!(
        problem(&unlisted),
        BundleProblem::MissingPart { .. }
    ));
}

/// The part listed at `index` described otherwise than it is.
fn relisted(index: usize, key: &str, value: serde_json::Value) -> BundleProblem {
    problem(&rewritten(|manifest, _| {
        manifest["parts"][index][key] = value;
    }))
}

#[test]
fn a_part_unlike_its_description_is_refused() {
    assert!(matches!(
        relisted(3, "shape", json!([3, 4])),
        BundleProblem::PartLayout { .. }
    ));
    assert!(matches!(
        relisted(3, "dtype", json!("U8")),
        BundleProblem::PartLayout { .. }
    ));
    assert!(matches!(
        relisted(3, "bytes", json!(47)),
        BundleProblem::PartLayout { .. }
    ));
    let digest = json!("0".repeat(64));
    assert!(matches!(
        relisted(3, "sha256", digest),
        BundleProblem::PartDamaged { .. }
    ));
}

/// A file whose part, and its description, have another shape.
fn reshaped(index: usize, shape: &[usize]) -> BundleProblem {
    problem(&rewritten(|manifest, tensors| {
        let part = &mut manifest["parts"][index];
        let name = part["name"].as_str().unwrap().to_owned();
        part["shape"] = json!(shape);
        for (_, tensor) in tensors.iter_mut().filter(|(found, _)| *found == name) {
            *tensor = TensorView::new(tensor.dtype(), shape.to_vec(), tensor.data()).unwrap();
        }
    }))
}

#[test]
fn a_part_of_the_wrong_shape_is_refused() {
    assert!(matches!(
        reshaped(1, &[4, 16]),
        BundleProblem::Setting { .. }
    ));
    assert!(matches!(
        reshaped(1, &[64]),
        BundleProblem::PartLayout { .. }
    ));
    assert!(matches!(
        reshaped(2, &[4, 3, 6]),
        BundleProblem::PartLayout { .. }
    ));
    assert!(matches!(
        reshaped(3, &[3, 4]),
        BundleProblem::Setting { .. }
    ));
    assert!(matches!(
        reshaped(3, &[2, 2, 3]),
        BundleProblem::PartLayout { .. }
    ));
    assert!(matches!(
        reshaped(4, &[2, 11]),
        BundleProblem::PartLayout { .. }
    ));
}
