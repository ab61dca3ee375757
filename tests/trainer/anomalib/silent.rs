//! What the file says and does not say.

use cfa_runtime::Bundle;
use cfa_runtime::Cancellation;
use cfa_runtime::calibration::Basis;
use cfa_runtime::picture::Limits;
use cfa_runtime::preprocess::Size;
use cfa_train::backbone::Backbone;
use cfa_train::cfa::descriptor::Pooling;
use cfa_train::import::{ImportOverrides, ImportProblem, ImportRequest, Thresholds, import};

use crate::fixture::Checkpoint;
use crate::{Silent, imported, onnx_runtime};

fn square(side: usize) -> Size {
    Size {
        height: side,
        width: side,
    }
}

/// The problem of a changed 2.7 checkpoint.
fn problem(overrides: &ImportOverrides, change: impl FnOnce(&mut Checkpoint)) -> ImportProblem {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoint = Checkpoint::read("v2.7.0.ckpt");
    change(&mut checkpoint);
    let path = checkpoint.save(&folder);
    let error = imported(path.clone(), overrides).unwrap_err();
    assert!(error.to_string().contains("v2.7.0.ckpt"), "{error}");
    assert!(!path.with_extension("cfa").exists());
    *error.problem
}

#[test]
fn thresholds_and_settings_are_kept_in_the_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::read("v2.7.0.ckpt").save(&folder);
    let summary = imported(checkpoint, &ImportOverrides::default()).unwrap();
    // As `torch.load` shows them.
    let seen = Thresholds {
        image_threshold: Some(0.405_394_14),
        pixel_threshold: Some(0.203_459_74),
        image_min: Some(0.405_394_14),
        image_max: Some(0.448_008_75),
        pixel_min: Some(0.066_746_61),
        pixel_max: Some(0.448_008_75),
        image_sensitivity: Some(0.5),
        pixel_sensitivity: Some(0.5),
        image_reject_above: Some(0.405_394_14),
        pixel_reject_above: Some(0.203_459_74),
    };
    assert_eq!(summary.record.thresholds, seen);

    let manifest = Bundle::open(&summary.bundle).unwrap().into_parts().manifest;
    let kept = &manifest.training["imported"];
    assert_eq!(kept["from"], "anomalib");
    assert_eq!(kept["release"], "2.7 or newer");
    assert_eq!(kept["features"], "pooled");
    let kept = kept["thresholds"]["image_threshold"].as_f64().unwrap() as f32;
    assert_eq!(Some(kept), seen.image_threshold);
    let rule = manifest.calibration.rule.unwrap();
    assert_eq!(rule.basis, Basis::Imported);
    assert_eq!(Some(rule.reject_above), seen.image_threshold);
    let range = manifest.heatmap_range;
    let seen_on_maps = (seen.pixel_min, seen.pixel_max);
    assert_eq!((Some(range.low), Some(range.high)), seen_on_maps);
    assert_eq!(manifest.settings.descriptor.gamma_d, 112);
    assert_eq!(manifest.settings.memory_bank.gamma_c, 1);
    assert_eq!(manifest.preprocessing.parts().resize, square(64));
    assert!(manifest.golden.len() >= 3);
}

#[test]
fn without_settings_the_shapes_tell() {
    let folder = tempfile::tempdir().unwrap();
    let told = imported(
        Checkpoint::read("v2.7.0.ckpt").save(&folder),
        &ImportOverrides::default(),
    );
    let mut checkpoint = Checkpoint::read("v2.7.0.ckpt");
    checkpoint.rename("hyper_parameters", "hyper_somethings");
    let derived = imported(checkpoint.save(&folder), &ImportOverrides::default());
    let mut derived = derived.unwrap().record;
    let told = told.unwrap().record;
    assert_ne!(derived.sha256, told.sha256);
    derived.sha256.clone_from(&told.sha256);
    assert_eq!(derived, told);
}

#[test]
fn other_models_are_named_as_such() {
    let silent = ImportOverrides::default();
    let found = problem(&silent, |c| {
        c.rename("layer.conv2d.weight", "layer.conv3d.weight");
    });
    let message = found.to_string();
    assert!(message.contains("no CFA model of anomalib"), "{message}");
    assert!(
        message.contains("descriptor.layer.conv2d.weight is missing"),
        "{message}"
    );
    let found = problem(&silent, |c| {
        c.rename("model.memory_bank", "model.memory_tank");
    });
    assert!(
        found.to_string().contains("memory_bank is missing"),
        "{found}"
    );
    let found = problem(&silent, |c| {
        c.rename("layer2.0.conv1.weight", "layer9.0.conv1.weight");
    });
    assert!(
        found.to_string().contains("layer2.0.conv1.weight"),
        "{found}"
    );
}

#[test]
fn the_backbone_must_fit() {
    let silent = ImportOverrides::default();
    let found = problem(&silent, |c| c.rename("resnet18", "resnet81"));
    assert!(matches!(found, ImportProblem::UnknownBackbone { name } if name == "resnet81"));
    let asked = ImportOverrides {
        backbone: Some(Backbone::MobilenetV2),
        ..silent.clone()
    };
    let found = problem(&asked, |_| {});
    assert!(
        matches!(found, ImportProblem::ForeignBackbone { .. }),
        "{found}"
    );
    let found = problem(&silent, |c| {
        c.rename("hyper_parameters", "hyper_somethings");
        c.rename("layer2.0.conv1.weight", "layer9.0.conv1.weight");
    });
    assert!(
        matches!(found, ImportProblem::UnrecognisedBackbone { .. }),
        "{found}"
    );
}

#[test]
fn a_size_that_does_not_fit_the_bank_is_refused() {
    let asked = ImportOverrides {
        image_size: Some(square(96)),
        ..ImportOverrides::default()
    };
    let message = problem(&asked, |_| {}).to_string();
    for word in ["256 entries", "96×96", "576 positions", "image size"] {
        assert!(message.contains(word), "{word} is not in: {message}");
    }
}

#[test]
fn steps_that_bundles_do_not_have_are_refused() {
    for (from, to, word) in [
        ("v2.Resize", "v2.Rotate", "Rotate"),
        ("v2.Normalize", "v2.Grayscale", "Grayscale"),
        ("bilinear", "nearestx", "not bilinear"),
    ] {
        let found = problem(&ImportOverrides::default(), |c| c.rename(from, to));
        let message = found.to_string();
        assert!(
            message.contains(word) && message.contains("image size"),
            "{message}"
        );
    }
}

#[test]
fn a_truncated_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Checkpoint::read("v2.7.0.ckpt").bytes();
    let path = folder.path().join("cut.ckpt");
    for length in [0, 1, 4, 100, 50_000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = imported(path.clone(), &ImportOverrides::default()).unwrap_err();
        assert!(
            matches!(*error.problem, ImportProblem::Unreadable(_)),
            "{length}: {error}"
        );
    }
}

#[test]
fn the_thresholds_of_every_release_are_found() {
    for (name, features) in [
        ("v2.0.0.ckpt", Some(Pooling::Raw)),
        ("v1.2.0.ckpt", None),
        ("v1.2.0.pt", None),
        ("v0.7.0.ckpt", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let overrides = ImportOverrides {
            pooling: features,
            ..ImportOverrides::default()
        };
        let summary = imported(Checkpoint::read(name).save(&folder), &overrides).unwrap();
        let seen = summary.record.thresholds;
        let levels = [seen.image_threshold, seen.pixel_threshold];
        assert!(levels.iter().all(Option::is_some), "{name}: {seen:?}");
        assert!(seen.pixel_min < seen.pixel_threshold, "{name}: {seen:?}");
        assert!(seen.pixel_threshold < seen.pixel_max, "{name}: {seen:?}");
    }
}

#[test]
fn good_pictures_become_the_self_test() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("good");
    std::fs::create_dir(&data).unwrap();
    for shade in [40, 90, 140] {
        let picture = image::RgbImage::from_pixel(80, 80, image::Rgb([shade, 60, 100]));
        picture.save(data.join(format!("{shade}.png"))).unwrap();
    }
    let request = ImportRequest {
        checkpoint: Checkpoint::read("v2.7.0.ckpt").save(&folder),
        bundle: folder.path().join("model.cfa"),
        data: Some(data),
        picture_limits: Limits::default(),
        skip_bad: false,
        overrides: ImportOverrides::default(),
        runtime: onnx_runtime(),
    };
    let summary = import(&request, &mut Silent, &Cancellation::new()).unwrap();
    let manifest = Bundle::open(&summary.bundle).unwrap().into_parts().manifest;
    let names: Vec<_> = manifest.golden.iter().map(|g| g.name.as_str()).collect();
    assert_eq!(
        names,
        ["first good", "last good", "first good, patched", "noise"]
    );
    assert_ne!(
        Some(manifest.heatmap_range.high),
        summary.record.thresholds.pixel_max
    );
}

/// Puts another sensitivity into a 2.x checkpoint: the number behind the setting's name.
fn with_sensitivity(name: &str, setting: &str, sensitivity: f64) -> Checkpoint {
    let mut checkpoint = Checkpoint::read(name);
    let pickle = checkpoint.pickle();
    let half = [&b"G"[..], &0.5_f64.to_be_bytes()].concat();
    let after = |from: usize, wanted: &[u8]| {
        let rest = &pickle[from..];
        from + rest
            .windows(wanted.len())
            .position(|w| w == wanted)
            .unwrap()
    };
    let at = after(after(0, setting.as_bytes()), &half) + 1;
    pickle[at..at + 8].copy_from_slice(&sensitivity.to_be_bytes());
    checkpoint
}

/// The threshold moves to t + (0.5 − s) · (max − min), as in anomalib's `PostProcessor`.
#[test]
fn sensitivities_move_the_thresholds() {
    for name in ["v2.7.0.ckpt", "v2.7.0_crop.pt"] {
        let overrides = ImportOverrides::default();
        let folder = tempfile::tempdir().unwrap();
        let import = |checkpoint: Checkpoint| imported(checkpoint.save(&folder), &overrides);
        let seen = import(Checkpoint::read(name)).unwrap();
        assert!(!seen.notes.iter().any(|note| note.contains("sensitivity")));
        let seen = seen.record.thresholds;
        let expected = |threshold: Option<f32>, low: Option<f32>, high: Option<f32>| {
            threshold.unwrap() + (0.5 - 0.75) * (high.unwrap() - low.unwrap())
        };

        let moved = import(with_sensitivity(name, "image_sensitivity", 0.75)).unwrap();
        let rule = Bundle::open(&moved.bundle)
            .unwrap()
            .manifest()
            .calibration
            .rule;
        let found = rule.unwrap().reject_above;
        let image = expected(seen.image_threshold, seen.image_min, seen.image_max);
        assert!((found - image).abs() < 1e-6, "{name}: {found} {image}");
        assert!(
            (found - seen.image_threshold.unwrap()).abs() > 1e-3,
            "{name}"
        );
        let note = moved
            .notes
            .iter()
            .find(|note| note.contains("image_sensitivity 0.75"));
        assert!(note.is_some(), "{name}: {:?}", moved.notes);

        let moved = import(with_sensitivity(name, "pixel_sensitivity", 0.75)).unwrap();
        let found = moved.record.thresholds;
        let pixel = expected(seen.pixel_threshold, seen.pixel_min, seen.pixel_max);
        assert!(
            (found.pixel_reject_above.unwrap() - pixel).abs() < 1e-6,
            "{name}"
        );
        assert_eq!(found.image_reject_above, seen.image_threshold, "{name}");

        let none = import(with_sensitivity(name, "image_sensitivity", 0.0)).unwrap();
        let rule = Bundle::open(&none.bundle)
            .unwrap()
            .manifest()
            .calibration
            .rule;
        assert_eq!(
            rule, None,
            "{name}: with sensitivity 0 nothing is anomalous"
        );
        assert!(
            none.notes
                .iter()
                .any(|note| note.contains("nothing is ever"))
        );
    }
}

/// Without the range of the validation a sensitivity says nothing.
#[test]
fn a_sensitivity_without_a_range_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoint = with_sensitivity("v2.7.0.ckpt", "image_sensitivity", 0.75);
    checkpoint.rename("post_processor.image_min", "post_processor.image_nim");
    let found = imported(checkpoint.save(&folder), &ImportOverrides::default()).unwrap();
    assert!(
        found.notes.iter().any(|note| note.contains("image_min")),
        "{:?}",
        found.notes
    );
    let rule = Bundle::open(&found.bundle)
        .unwrap()
        .manifest()
        .calibration
        .rule;
    assert_eq!(rule, None);
}
