//! A training from pictures to a bundle.

use std::path::Path;

use cfa_runtime::bundle::Bundle;
use cfa_runtime::verify::{VerifyReport, replay};
use cfa_runtime::{Inspector, InspectorOptions};
use cfa_train::error::TrainError;
use cfa_train::events::FitEvent;

use crate::workshop::{PICTURES, Workshop, events, observed, onnx_runtime};

fn replayed(bundle: &Path) -> Option<VerifyReport> {
    let library = onnx_runtime()?;
    let mut inspector = Inspector::open(bundle, &library, &InspectorOptions::default()).unwrap();
    let report = replay(&mut inspector).unwrap();
    assert_eq!(inspector.take_warnings(), Vec::<String>::new());
    Some(report)
}

#[track_caller]
fn assert_verified(bundle: &Path) {
    if let Some(report) = replayed(bundle) {
        assert!(report.ok(), "{report:?}");
        assert!(report.samples.len() >= 3, "{report:?}");
    }
}

#[test]
fn a_bundle_is_written_that_the_runtime_reproduces() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let lines = workshop.fit(&[]).fine();
    assert_verified(&workshop.at("model.cfa"));
    let left: Vec<_> = std::fs::read_dir(workshop.at(""))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(left.len(), 2, "only data and bundle are left: {left:?}");

    assert_eq!(events(&lines, "checking")[0]["pictures"], PICTURES);
    assert_eq!(events(&lines, "memory_bank")[0]["entries"], 256);
    assert_eq!(events(&lines, "memory_bank")[0]["channels"], 152);
    assert_eq!(
        (events(&lines, "step").len(), events(&lines, "epoch").len()),
        (6, 2)
    );
    assert_eq!(events(&lines, "exported").len(), 1);
    if let Some(verified) = events(&lines, "verified").first() {
        assert_eq!(verified["threads"], 1, "--threads");
    }
    let summary = lines.last().unwrap();
    assert_eq!(summary["pictures"], PICTURES);
    assert_eq!(summary["loss"], events(&lines, "epoch")[1]["loss"]);
    assert!(
        summary["loss"].as_f64().unwrap() < events(&lines, "epoch")[0]["loss"].as_f64().unwrap()
    );
}

#[test]
fn a_seed_gives_the_same_bundle_again() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let first = workshop.bundle(&[("--seed", "7")]);
    assert!(
        first == workshop.bundle(&[("--seed", "7")]),
        "the bundles differ"
    );
    let other = workshop.bundle(&[("--seed", "8")]);
    assert!(first != other);
    let rows = |bytes: &[u8]| {
        Bundle::from_bytes(bytes)
            .unwrap()
            .into_parts()
            .tensors
            .memory_bank
    };
    assert_ne!(rows(&first), rows(&other));
}

#[test]
fn features_on_disk_give_the_same_bundle() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let in_memory = workshop.bundle(&[]);
    let lines = workshop.fit(&[("--feature-memory", "0")]).fine();
    assert_eq!(events(&lines, "memory")[0]["on_disk"], true);
    assert!(
        in_memory == std::fs::read(workshop.at("model.cfa")).unwrap(),
        "the bundles differ"
    );
}

#[test]
fn compression_of_bank_and_channels_is_trained_and_verified() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let changes = [
        ("--gamma-c", "2"),
        ("--gamma-d", "2"),
        ("--radius", "2"),
        ("--hard-negatives", "5"),
    ];
    let bytes = workshop.bundle(&changes);
    let bundle = Bundle::from_bytes(&bytes).unwrap();
    assert_eq!(bundle.tensors().memory_bank.dim(), (128, 76));
    assert_eq!(bundle.manifest().settings.memory_bank.gamma_c, 2);
    assert_eq!(bundle.manifest().settings.descriptor.gamma_d, 2);
    assert_verified(&workshop.at("model.cfa"));
}

#[test]
fn a_rectangle_is_rows_by_columns() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let bytes = workshop.bundle(&[("--image-size", "64x96"), ("--center-crop", "48x90")]);
    let manifest = Bundle::from_bytes(&bytes).unwrap().into_parts().manifest;
    assert_eq!(
        (
            manifest.settings.anomaly_map.height,
            manifest.settings.anomaly_map.width
        ),
        (48, 90)
    );
    assert_eq!(
        (
            manifest.settings.descriptor.feature_height,
            manifest.settings.descriptor.feature_width
        ),
        (12, 23)
    );
    assert_verified(&workshop.at("model.cfa"));
}

/// Fewer pictures than a batch, and no training at all, are possible.
#[test]
fn one_picture_and_no_epoch_are_enough() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    workshop.draw("data/only.png", 1);
    workshop.bundle(&[("--batch-size", "100")]);
    assert_verified(&workshop.at("model.cfa"));
    let lines = workshop.fit(&[("--epochs", "0")]).fine();
    assert!(lines.last().unwrap()["loss"].is_null());
    assert_verified(&workshop.at("model.cfa"));
}

#[test]
fn the_library_gives_what_the_program_gives() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let (result, events) = observed(&workshop.request("library.cfa"), None);
    let summary = result.unwrap();
    assert_eq!(
        (summary.pictures, summary.bundle),
        (6, workshop.at("library.cfa"))
    );
    assert!(!events.is_empty());
    assert_verified(&workshop.at("library.cfa"));
}

/// The second seed's picture differs in stripes only: trained on one kind, the
/// other kind is stranger.
#[test]
fn a_foreign_patch_scores_higher_than_a_good_picture() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    workshop.bundle(&[("--epochs", "5")]);
    let Some(library) = onnx_runtime() else {
        return;
    };
    let options = InspectorOptions::default();
    let mut inspector = Inspector::open(&workshop.at("model.cfa"), &library, &options).unwrap();
    let good = inspector.inspect_path(&workshop.at("data/2.png")).unwrap();
    let mut picture = crate::workshop::stripes(2, 80, 80);
    for (x, y) in (50..66).flat_map(|x| (10..26).map(move |y| (x, y))) {
        picture.put_pixel(x, y, image::Rgb([10, 250, 10]));
    }
    workshop.save("bad.png", &picture.into());
    let bad = inspector.inspect_path(&workshop.at("bad.png")).unwrap();
    assert!(
        bad.score > 1.2 * good.score,
        "{} against {}",
        bad.score,
        good.score
    );
    let (dx, dy) = (bad.peak.x_px - 58.0, bad.peak.y_px - 18.0);
    assert!(
        dx.hypot(dy) < 16.0,
        "the peak is at {:?}, the patch at 58, 18",
        bad.peak
    );
}

/// What was said before the training, and what was taken in the end.
fn planned_and_taken(lines: &[serde_json::Value]) -> (u64, u64) {
    let bytes = |kind: &str| events(lines, kind)[0]["peak_bytes"].as_u64().unwrap();
    (bytes("memory"), bytes("memory_taken"))
}

#[test]
fn memory_is_stated_before_the_start_and_kept() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let lines = workshop.fit(&[]).fine();
    let (planned, taken) = planned_and_taken(&lines);
    assert!(taken <= planned, "{taken} B taken, {planned} B planned");
    assert!(
        planned < 3 * taken,
        "{planned} B say nothing about {taken} B"
    );
    let order: Vec<_> = lines
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    let first = |kind: &str| order.iter().position(|event| *event == kind).unwrap();
    assert!(first("memory") < first("features"), "{order:?}");
}

/// One byte less than the training takes with its features in memory.
#[test]
fn features_that_exceed_the_limit_go_to_disk() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut request = workshop.request("model.cfa");
    let plans = [0, 1].map(|less| {
        request.memory_limit_bytes -= less;
        let (result, events) = observed(&request, None);
        result.unwrap();
        let bytes = std::fs::read(&request.bundle).unwrap();
        let plan = events.iter().find_map(|event| match event {
            FitEvent::Memory(plan) => Some(*plan),
            _ => None,
        });
        let plan = plan.unwrap();
        request.memory_limit_bytes = plan.peak_bytes;
        (plan, bytes)
    });
    let [(free, in_memory), (tight, on_disk)] = plans;
    assert!(!free.on_disk && tight.on_disk, "{free:?}, {tight:?}");
    assert_eq!(tight.peak_bytes, free.peak_bytes - free.features_bytes);
    assert!(in_memory == on_disk, "the bundles differ");
}

#[test]
fn a_training_beyond_the_limit_is_refused_before_it_starts() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let run = workshop.fit(&[("--memory-limit", "100")]);
    run.refused(&["MiB of memory", "100 MiB", "--memory-limit"]);
    assert_eq!(events(&run.lines(), "features").len(), 0);
    assert!(!workshop.at("model.cfa").exists());
}

/// Pictures are known by their content: this one's name promises another format. Eight may
/// be decoded at once, 18 bytes a pixel.
#[test]
fn the_largest_picture_counts_whatever_it_is_called() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let large = image::RgbImage::new(2000, 1500);
    workshop.save("large.png", &large.into());
    std::fs::rename(workshop.at("large.png"), workshop.at("data/large.jpg")).unwrap();
    let mut request = workshop.request("model.cfa");
    request.memory_limit_bytes = 0;
    let Err(TrainError::Memory { needed_mib, .. }) = observed(&request, None).0 else {
        panic!("it fits into nothing");
    };
    assert!(
        needed_mib << 20 > 8 * 18 * 2000 * 1500,
        "{needed_mib} MiB planned"
    );
}
