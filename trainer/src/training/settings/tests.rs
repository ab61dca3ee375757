#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::preprocess::Size;

use super::{FitSettings, SIGMA};

fn square(side: usize) -> Size {
    Size {
        height: side,
        width: side,
    }
}

/// Small settings that are possible.
fn possible() -> FitSettings {
    FitSettings {
        backbone: "mobilenet_v2".to_owned(),
        image_size: square(64),
        center_crop: None,
        ..FitSettings::default()
    }
}

/// Asserts that the change makes the settings impossible, with these words.
#[track_caller]
fn refused(words: &[&str], change: impl FnOnce(&mut FitSettings)) {
    let mut settings = possible();
    change(&mut settings);
    let message = settings.check().unwrap_err().to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

#[test]
fn the_defaults_are_possible() {
    let checked = FitSettings::default().check().unwrap();
    assert_eq!(checked.feature_size(), square(56));
    assert_eq!(checked.bank_entries(), 3136);
    assert_eq!(checked.descriptor().outputs, 1792);
    assert!((checked.sigma() - SIGMA).abs() < f32::EPSILON);
    assert_eq!(possible().check().unwrap().bank_entries(), 256);
}

#[test]
fn zero_where_one_is_needed_is_refused() {
    refused(&["batch-size 0", "at least 1"], |s| s.batch_size = 0);
    refused(&["gamma-c 0", "at least 1"], |s| s.gamma_c = 0);
    refused(&["gamma-d 0", "at least 1"], |s| s.gamma_d = 0);
    refused(&["neighbors 0", "at least 1"], |s| s.neighbors = 0);
}

#[test]
fn numbers_out_of_range_are_refused() {
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(&["lr", "above 0"], |s| s.learning_rate = value);
    }
    for value in [-1e-9, f64::NAN, f64::INFINITY] {
        refused(&["weight-decay", "0 or more"], |s| s.weight_decay = value);
        refused(&["radius", "0 or more"], |s| s.radius = value);
    }
}

#[test]
fn an_unknown_backbone_is_refused() {
    let words = ["backbone resnet9000", "mobilenet_v2"];
    refused(&words, |s| s.backbone = "resnet9000".to_owned());
}

#[test]
fn divisors_that_leave_nothing_are_refused() {
    refused(&["gamma-d 153", "152 channels"], |s| s.gamma_d = 153);
    refused(&["neighbors 3", "gamma-c 257", "the bank has 0"], |s| {
        s.gamma_c = 257;
    });
    refused(&["neighbors 3", "gamma-c 100", "the bank has 2"], |s| {
        s.gamma_c = 100;
    });
}

#[test]
fn more_neighbours_than_entries_are_refused() {
    refused(&["neighbors 257", "257 bank entries"], |s| {
        s.neighbors = 257;
    });
    refused(&["neighbors"], |s| s.neighbors = usize::MAX);
    // J counts where the radius lets it act.
    refused(&["neighbors 254", "3 hard negatives", "257"], |s| {
        (s.neighbors, s.radius) = (254, 1.0);
    });
    refused(&["254 hard negatives"], |s| {
        (s.hard_negatives, s.train_radius) = (254, true);
    });
    refused(&["hard negatives"], |s| {
        (s.hard_negatives, s.radius) = (usize::MAX, 1.0);
    });
    let mut idle = possible();
    idle.hard_negatives = 254;
    assert!(idle.check().is_ok());
}

#[test]
fn impossible_sizes_are_refused() {
    refused(&["image-size 16x64", "blur"], |s| {
        s.image_size = Size {
            height: 16,
            width: 64,
        }
    });
    refused(&["image-size 31x31", "empty"], |s| {
        s.backbone = "vgg19_bn".to_owned();
        s.image_size = square(31);
    });
    refused(&["center-crop 65x65", "image size 64x64"], |s| {
        s.center_crop = Some(square(65));
    });
    refused(&["image-size 0x64"], |s| {
        s.image_size = Size {
            height: 0,
            width: 64,
        }
    });
    refused(&["center-crop 32x0"], |s| {
        s.center_crop = Some(Size {
            height: 32,
            width: 0,
        });
    });
    refused(&["image-size"], |s| s.image_size = square(usize::MAX));
}

#[test]
fn unknown_fields_of_stored_settings_are_refused() {
    let mut json = serde_json::to_value(possible()).unwrap();
    assert_eq!(
        serde_json::from_value::<FitSettings>(json.clone()).unwrap(),
        possible()
    );
    json["typo"] = 1.into();
    assert!(serde_json::from_value::<FitSettings>(json).is_err());
}
