//! The method that a manifest names, and its settings beside those of the container.

use serde_json::{Value, json};

use super::*;

fn with(change: impl FnOnce(&mut Value)) -> Result<Bundle, BundleProblem> {
    let file = rewritten(|manifest, _| change(manifest));
    Bundle::from_bytes(&file).map_err(|error| error.problem)
}

#[test]
fn the_method_is_named_by_the_writer_whatever_the_parts_say() {
    let mut parts = small();
    parts.manifest.method = "anything".to_owned();
    let bundle = Bundle::from_parts(parts).unwrap();
    assert_eq!(bundle.manifest().method, "cfa");
    assert_eq!(bundle.manifest().format_version, 5);
}

#[test]
fn another_method_is_refused_by_its_name() {
    let other = with(|manifest| {
        manifest["method"] = json!("patchcore");
        let fields = manifest.as_object_mut().unwrap();
        fields.remove("descriptor");
        fields.insert("coreset".to_owned(), json!(0.1));
    });
    let problem = other.unwrap_err();
    assert!(
        matches!(&problem, BundleProblem::UnknownMethod { found, known: "cfa" } if found == "patchcore")
    );
    let message = problem.to_string();
    assert!(message.contains("\"patchcore\"") && message.contains("update"));
}

#[test]
fn format_5_names_its_method_and_no_older_one_does() {
    for value in [json!(null), json!(1), json!({})] {
        let odd = with(|manifest| manifest["method"] = value.clone());
        assert!(matches!(odd, Err(BundleProblem::Manifest(_))), "{value}");
    }
    let without = with(|manifest| {
        manifest.as_object_mut().unwrap().remove("method");
    });
    let message = format!("{:?}", without.unwrap_err());
    assert!(message.contains("missing field `method`"), "{message}");
    let early = with(|manifest| manifest["format_version"] = json!(4));
    let message = format!("{:?}", early.unwrap_err());
    assert!(message.contains("later versions"), "{message}");
}

/// The settings of the method are the manifest's own fields, not an object in it.
#[test]
fn the_json_is_flat() {
    let manifest = serde_json::to_value(small_manifest()).unwrap();
    let fields: Vec<_> = manifest.as_object().unwrap().keys().cloned().collect();
    let mut expected = vec![
        "format",
        "format_version",
        "method",
        "created_by",
        "preprocessing",
        "backbone",
        "network_precision",
        "descriptor",
        "memory_bank",
        "score",
        "anomaly_map",
        "golden_tolerance",
        "calibration",
        "training",
        "heatmap_range",
        "golden",
        "parts",
    ];
    expected.sort_unstable();
    assert_eq!(fields, expected);
}

/// Container and method share one level of the manifest, and neither lets the other's
/// readers skip a field.
#[test]
fn fields_that_are_unknown_missing_or_doubled_are_refused_at_every_level() {
    let objects = [
        "",
        "/preprocessing",
        "/backbone",
        "/descriptor",
        "/descriptor/levels/0",
        "/memory_bank",
        "/memory_bank/bounding_axes",
        "/score",
        "/anomaly_map",
        "/calibration",
        "/heatmap_range",
        "/golden/0",
        "/parts/0",
    ];
    for object in objects {
        let odd = with(|manifest| manifest.pointer_mut(object).unwrap()["extra"] = json!(1));
        assert!(matches!(odd, Err(BundleProblem::Manifest(_))), "{object:?}");
    }
    let whole = serde_json::to_value(small_manifest()).unwrap();
    for field in whole.as_object().unwrap().keys() {
        let without = with(|manifest| {
            manifest.as_object_mut().unwrap().remove(field);
        });
        assert!(without.is_err(), "{field}");
    }
    let text = serde_json::to_string(&small_manifest()).unwrap();
    for doubled in [
        "\"golden_tolerance\":1,",
        "\"score\":{\"neighbors\":3},",
        "\"format\":\"\",",
    ] {
        let text = text.replacen('{', &format!("{{{doubled}"), 1);
        assert!(
            serde_json::from_str::<Manifest>(&text).is_err(),
            "{doubled}"
        );
    }
}

/// Settings keep their bits, though they are read as part of another struct.
#[test]
fn numbers_of_the_method_keep_their_bits() {
    let mut manifest = small_manifest();
    let mut bits = 0x3333_3333_u32;
    for _ in 0..20_000 {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = f32::from_bits(bits & 0x7FFF_FFFF);
        if !number.is_finite() {
            continue;
        }
        manifest.settings.anomaly_map.sigma = number;
        manifest.settings.golden_tolerance = number;
        let text = serde_json::to_string(&manifest).unwrap();
        let read: Manifest = serde_json::from_str(&text).unwrap();
        let found = [
            read.settings.anomaly_map.sigma,
            read.settings.golden_tolerance,
        ];
        assert_eq!(found.map(f32::to_bits), [number.to_bits(); 2]);
    }
}
