//! Trainings that are interrupted, and go on.

use std::fs;

use cfa_train::error::TrainError;
use cfa_train::events::FitEvent;
use cfa_train::interruption::Interrupted;
use cfa_train::training::checkpoint_path;

use crate::workshop::{KEEP, Workshop, events, observed};

/// Interrupts after `steps` of six, resumes, and compares with an uninterrupted run.
#[track_caller]
fn assert_resumes_to_the_same_bundle(steps: usize, resumed_at: (usize, usize)) {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let whole = workshop.request("whole.cfa");
    observed(&whole, None).0.unwrap();

    let mut request = workshop.request("pieces.cfa");
    let checkpoint = checkpoint_path(&request.bundle);
    let error = observed(&request, Some(steps)).0.unwrap_err();
    assert!(
        matches!(&error, TrainError::Interrupted(Interrupted::Resumable { checkpoint: path }) if *path == checkpoint)
    );
    assert!(error.to_string().contains("resumed"), "{error}");
    assert!(checkpoint.is_file() && !request.bundle.exists());

    request.resume = true;
    let (result, events) = observed(&request, None);
    result.unwrap();
    let (epochs, steps) = resumed_at;
    assert!(
        events.contains(&FitEvent::Resumed { epochs, steps }),
        "{events:?}"
    );
    assert!(
        fs::read(&whole.bundle).unwrap() == fs::read(&request.bundle).unwrap(),
        "bundles differ"
    );
    assert!(
        !checkpoint.exists(),
        "the checkpoint of a finished training is left"
    );
}

#[test]
fn within_an_epoch() {
    assert_resumes_to_the_same_bundle(2, (0, 2));
    assert_resumes_to_the_same_bundle(4, (1, 1));
}

#[test]
fn exactly_at_the_end_of_an_epoch() {
    assert_resumes_to_the_same_bundle(3, (1, 0));
}

#[test]
fn with_features_on_disk_and_a_compressed_bank() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut bundles = Vec::new();
    for stop in [None, Some(5)] {
        let mut request = workshop.request("model.cfa");
        request.settings.gamma_c = 3;
        request.feature_memory_bytes = 0;
        if stop.is_some() {
            observed(&request, stop).0.unwrap_err();
            request.resume = true;
        }
        observed(&request, None).0.unwrap();
        bundles.push(fs::read(&request.bundle).unwrap());
    }
    assert!(bundles[0] == bundles[1], "bundles differ");
}

#[test]
fn before_the_first_step_nothing_is_written() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let request = workshop.request("model.cfa");
    let error = observed(&request, Some(0)).0.unwrap_err();
    assert!(
        matches!(error, TrainError::Interrupted(Interrupted::Unchanged)),
        "{error}"
    );
    assert!(!request.bundle.exists() && !checkpoint_path(&request.bundle).exists());
}

#[test]
fn after_the_last_step_the_training_ends() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let request = workshop.request("model.cfa");
    observed(&request, Some(6)).0.unwrap();
    assert!(request.bundle.is_file());
}

#[test]
fn without_a_checkpoint_it_starts_at_the_beginning() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut request = workshop.request("model.cfa");
    request.resume = true;
    let (result, events) = observed(&request, None);
    result.unwrap();
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, FitEvent::Resumed { .. }))
    );
}

/// A workshop with the checkpoint of an interrupted training.
fn interrupted() -> Option<Workshop> {
    let workshop = Workshop::new()?;
    observed(&workshop.request("model.cfa"), Some(2))
        .0
        .unwrap_err();
    Some(workshop)
}

#[test]
fn another_option_is_named() {
    let Some(workshop) = interrupted() else {
        return;
    };
    for (option, value, name) in [
        ("--epochs", "3", "'epochs'"),
        ("--lr", "0.01", "'learning_rate'"),
        ("--seed", "1", "'seed'"),
        ("--gamma-d", "2", "'gamma_d'"),
        ("--image-size", "72", "'image_size'"),
    ] {
        let run = workshop.fit(&[("--resume", ""), (option, value)]);
        run.refused(&[
            "model.cfa.checkpoint",
            "cannot resume",
            name,
            "leave out --resume",
        ]);
    }
    workshop.draw("data/9.png", 9);
    workshop
        .fit(&[("--resume", "")])
        .refused(&["another set of training pictures"]);
    assert!(
        checkpoint_path(&workshop.at("model.cfa")).is_file(),
        "it must not be lost"
    );
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let Some(workshop) = interrupted() else {
        return;
    };
    let whole = fs::read(workshop.at("model.cfa.checkpoint")).unwrap();
    let mut flipped = whole.clone();
    flipped[20] ^= 0xff;
    let mut flipped_value = whole.clone();
    flipped_value[whole.len() - 100] ^= 1;
    let damaged: [&[u8]; 6] = [
        b"",
        b"hello",
        &whole[..100],
        &whole[..whole.len() - 4],
        &flipped,
        &flipped_value,
    ];
    for bytes in damaged {
        workshop.write("model.cfa.checkpoint", bytes);
        let run = workshop.fit(&[("--resume", "")]);
        run.refused(&["model.cfa.checkpoint", "damaged", "leave out --resume"]);
    }
    workshop.fit(&[]).fine();
}

/// ONNX Runtime was missing at first: its part is made up for, and nothing else.
#[test]
fn an_unverified_bundle_is_verified_and_calibrated_without_training() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut request = workshop.request("model.cfa");
    request.settings.calibration_split = 0.4;
    let Some(runtime) = request.runtime.take() else {
        return;
    };
    observed(&request, None).0.unwrap();
    request.resume = true;
    let (_, events) = observed(&request, None);
    assert!(events.contains(&FitEvent::AlreadyTrained), "no runtime yet");

    request.runtime = Some(runtime);
    let (result, events) = observed(&request, None);
    result.unwrap();
    let has = |wanted: fn(&FitEvent) -> bool| events.iter().any(wanted);
    assert!(!has(|e| matches!(
        e,
        FitEvent::AlreadyTrained | FitEvent::Features { .. } | FitEvent::Step { .. }
    )));
    assert!(has(|e| matches!(e, FitEvent::Verified { .. })));
    assert!(has(|e| matches!(e, FitEvent::Calibrated { good: 2, .. })));
    let completed = fs::read(&request.bundle).unwrap();
    let (_, events) = observed(&request, None);
    assert!(events.contains(&FitEvent::AlreadyTrained), "{events:?}");

    request.resume = false;
    observed(&request, None).0.unwrap();
    assert!(
        fs::read(&request.bundle).unwrap() == completed,
        "the same as with a runtime from the start"
    );
}

/// What is finished is only replaced when that is asked for.
#[test]
fn a_finished_bundle_is_not_replaced_in_silence() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let first = workshop.bundle(&[]);
    let unchanged = |what: &str| {
        assert!(
            first == fs::read(workshop.at("model.cfa")).unwrap(),
            "{what}"
        );
    };
    let other_settings = ("--epochs", "1");
    for changes in [&[KEEP][..], &[KEEP, other_settings]] {
        let words = ["model.cfa", "there already", "--force", "--resume"];
        workshop.fit(changes).refused_at_once(&words);
    }
    unchanged("without --resume");
    let lines = workshop.fit(&[KEEP, ("--resume", "")]).fine();
    assert_eq!(events(&lines, "features").len(), 0, "trained again");
    unchanged("the same training with --resume");
    let resumed = workshop.fit(&[KEEP, other_settings, ("--resume", "")]);
    resumed.refused(&["there already", "--force"]);
    assert_eq!(events(&resumed.lines(), "features").len(), 0);
    workshop.draw("data/9.png", 9);
    let other_data = workshop.fit(&[KEEP, ("--resume", "")]);
    other_data.refused(&["there already", "--force"]);
    unchanged("other data or settings with --resume");
    workshop.write("model.cfa", b"no bundle");
    workshop.fit(&[KEEP]).refused_at_once(&["there already"]);
    workshop
        .fit(&[KEEP, ("--resume", "")])
        .refused(&["there already"]);
    workshop.fit(&[other_settings]).fine();
}
