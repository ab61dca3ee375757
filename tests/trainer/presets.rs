//! The paper's way of training, and inputs that are no squares.

use std::fs;

use cfa_runtime::bundle::Bundle;
use cfa_runtime::preprocess::{AspectRule, ResizeFilter, Size};
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use cfa_train::backbone::TapActivation;
use cfa_train::training::{Preset, TrainingRecord};

use crate::workshop::{Workshop, events, observed, onnx_runtime};

/// Small enough for a test; the rest is the preset's.
const PAPER: [(&str, &str); 3] = [
    ("--preset", "paper"),
    ("--image-size", "72"),
    ("--center-crop", "64"),
];

#[test]
fn the_preset_of_the_paper_reaches_the_bundle() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    workshop.save("data/wide.png", &image::DynamicImage::new_rgb8(160, 90));
    let lines = workshop.fit(&PAPER).fine();
    if onnx_runtime().is_some() {
        assert_eq!(
            events(&lines, "verified").len(),
            1,
            "runtime and libtorch agree"
        );
    }
    let manifest = Bundle::open(&workshop.at("model.cfa"))
        .unwrap()
        .into_parts()
        .manifest;
    assert_eq!(
        manifest.preprocessing.parts().filter,
        ResizeFilter::Lanczos8Bit
    );
    assert_eq!(
        manifest.preprocessing.parts().aspect,
        AspectRule::ShorterSide
    );
    assert_eq!(
        manifest.settings.anomaly_map.border,
        Border::MirrorRepeatEdge
    );
    let record: TrainingRecord = serde_json::from_value(manifest.training).unwrap();
    assert!(record.identity.settings.train_radius);
    assert_eq!(
        record.identity.settings.tap_activation,
        TapActivation::LeakyRelu
    );
    // Eight steps of at most 1e-3 and a bit (METHOD.md, section 7: 1.0e-3 to 1.6e-3).
    let moved = record.final_radius - 1e-5;
    assert!((1e-3..1.3e-2).contains(&moved), "{moved}");
}

#[test]
fn options_replace_what_the_preset_says() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let more = [
        ("--train-radius", "false"),
        ("--aspect", "stretch"),
        ("--border", "mirror"),
        ("--epochs", "1"),
    ];
    workshop.fit(&[&PAPER[..], &more].concat()).fine();
    let manifest = Bundle::open(&workshop.at("model.cfa"))
        .unwrap()
        .into_parts()
        .manifest;
    assert_eq!(
        manifest.preprocessing.parts().filter,
        ResizeFilter::Lanczos8Bit
    );
    assert_eq!(manifest.preprocessing.parts().aspect, AspectRule::Stretch);
    assert_eq!(manifest.settings.anomaly_map.border, Border::Mirror);
    let run = workshop.fit(&[("--preset", "paper"), ("--center-crop", "none")]);
    run.refused(&["--image-size", "shorter-side", "centre crop"]);
    let run = workshop.fit(&[("--preset", "thesis")]);
    run.refused(&["unknown preset 'thesis'", "paper"]);
}

#[test]
fn a_trained_radius_survives_an_interruption() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let side = |side| Size {
        height: side,
        width: side,
    };
    let mut bundles = Vec::new();
    for stop in [None, Some(4)] {
        let mut request = workshop.request("model.cfa");
        let small = request.settings.clone();
        request.settings = Preset::Paper.settings();
        request.settings.backbone = small.backbone;
        (request.settings.image_size, request.settings.center_crop) = (side(72), Some(side(64)));
        (request.settings.epochs, request.settings.batch_size) = (2, 2);
        if stop.is_some() {
            observed(&request, stop).0.unwrap_err();
            request.resume = true;
        }
        observed(&request, None).0.unwrap();
        bundles.push(fs::read(&request.bundle).unwrap());
        fs::remove_file(&request.bundle).unwrap();
    }
    assert!(bundles[0] == bundles[1], "bundles differ");
}

#[test]
fn long_parts_need_no_square() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    workshop
        .fit(&[("--image-size", "64x160"), ("--epochs", "1")])
        .fine();
    let manifest = Bundle::open(&workshop.at("model.cfa"))
        .unwrap()
        .into_parts()
        .manifest;
    let map = &manifest.settings.anomaly_map;
    assert_eq!((map.height, map.width), (64, 160));
    let features = &manifest.settings.descriptor;
    assert_eq!((features.feature_height, features.feature_width), (16, 40));
    assert_eq!(manifest.settings.memory_bank.centroids, 640);
}
