//! Roles of folders by their names, and masks of pictures.

use super::*;
use crate::dataset::{GOOD, MaskFault};

fn kinds(dataset: &Dataset) -> Vec<&str> {
    dataset
        .test
        .iter()
        .map(|picture| picture.defect.as_str())
        .collect()
}

#[test]
fn good_pictures_are_recognised_by_common_names() {
    for (good, bad) in [
        ("OK", "NG"),
        ("ok", "ko"),
        ("Good", "dot"),
        ("normal", "abnormal"),
        ("Defect-Free", "defect"),
        ("io", "nio"),
        ("PASS", "FAIL"),
        ("gut", "schlecht"),
    ] {
        let files = [
            format!("train/{good}/0.png"),
            format!("test/{good}/0.png"),
            format!("test/{bad}/0.png"),
            format!("ground_truth/{bad}/0_mask.png"),
        ];
        let root = tree(&files.each_ref().map(String::as_str));
        let found = Dataset::discover_to_test(root.path(), &GoodNames::default()).unwrap();
        assert_eq!(below(&root, found.train_good.clone()), [files[0].as_str()]);
        let mut kinds = kinds(&found);
        kinds.sort_unstable();
        let mut expected = [GOOD, bad];
        expected.sort_unstable();
        assert_eq!(kinds, expected);
        let defective = found
            .test
            .iter()
            .find(|picture| picture.is_defective())
            .unwrap();
        assert!(defective.mask.is_some(), "{bad}");
    }
}

#[test]
fn several_names_at_once_are_used_and_told() {
    let root = tree(&[
        "train/good/0.png",
        "train/OK/0.png",
        "test/good/0.png",
        "test/OK/1.png",
        "test/ok_2/0.png",
        "test/NG/0.png",
    ]);
    let found = Dataset::discover_to_test(root.path(), &GoodNames::default()).unwrap();
    assert_eq!(found.train_good.len(), 2);
    assert_eq!(kinds(&found), ["NG", GOOD, GOOD, "ok_2"]);
    let remarks = found.test_notes.remarks.join("\n");
    assert!(
        remarks.contains("OK, good") && remarks.contains("test/ok_2"),
        "{remarks}"
    );
    let names = GoodNames::only(vec!["ok".to_owned(), "OK_2".to_owned()]);
    let found = Dataset::discover_to_test(root.path(), &names).unwrap();
    assert_eq!(below(&root, found.train_good.clone()), ["train/OK/0.png"]);
    assert_eq!(
        kinds(&found),
        ["NG", GOOD, "good", GOOD].map(|name| name),
        "good is a kind of defect now"
    );
}

#[test]
fn names_that_nobody_knows_are_an_error_that_names_the_folders() {
    let root = tree(&[
        "train/teile/0.png",
        "test/teile/0.png",
        "test/kratzer/0.png",
    ]);
    let message = Dataset::discover(root.path()).unwrap_err().to_string();
    assert!(
        message.contains("teile (1") && message.contains("ok"),
        "{message}"
    );
    let names = GoodNames::only(vec!["teile".to_owned()]);
    let found = Dataset::discover_with(root.path(), &names).unwrap();
    assert_eq!(kinds(&found), ["kratzer", GOOD]);

    let root = tree(&["train/good/0.png", "test/a/0.png", "test/b/0.png"]);
    let message = Dataset::discover_to_test(root.path(), &GoodNames::default())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("a, b") && message.contains("normal"),
        "{message}"
    );
    assert!(
        Dataset::discover(root.path()).is_ok(),
        "training needs no test pictures"
    );

    let root = tree(&["train/0.png", "train/1.png"]);
    let message = Dataset::discover(root.path()).unwrap_err().to_string();
    assert!(message.contains("2 pictures and no folder"), "{message}");
    let root = tree(&["train/NG/0.png", "train/NG/1.png"]);
    let message = Dataset::discover(root.path()).unwrap_err().to_string();
    assert!(message.contains("NG (2"), "{message}");
}

#[test]
fn the_parts_of_a_data_set_are_known_in_any_case() {
    let root = tree(&[
        "Train/good/0.png",
        "TEST/good/0.png",
        "TEST/dot/0.png",
        "Ground_Truth/DOT/0_mask.png",
    ]);
    let found = Dataset::discover_to_test(root.path(), &GoodNames::default()).unwrap();
    assert_eq!(
        (found.train_good.len(), kinds(&found)),
        (1, vec!["dot", GOOD])
    );
    assert_eq!(found.require_masks().unwrap(), PixelTruth::Complete);
    write(&root.path().join("train/good/0.png"), b"");
    let message = Dataset::discover(root.path()).unwrap_err().to_string();
    assert!(
        message.contains("Train") && message.contains("train"),
        "{message}"
    );
}

#[test]
fn a_test_part_alone_can_be_tested_on_but_not_trained_on() {
    let root = tree(&[
        "test/good/0.png",
        "test/dot/0.png",
        "ground_truth/dot/0_mask.png",
    ]);
    let found = Dataset::discover_to_test(root.path(), &GoodNames::default()).unwrap();
    assert_eq!((found.train_good.len(), found.test.len()), (0, 2));
    let message = Dataset::discover(root.path()).unwrap_err().to_string();
    assert!(message.contains("test (2 pictures)"), "{message}");
    // Whatever is wrong with the pictures to train on.
    write(&root.path().join("train/teile/0.png"), b"");
    let found = Dataset::discover_to_test(root.path(), &GoodNames::default()).unwrap();
    assert_eq!((found.train_good.len(), found.test.len()), (0, 2));
    let remarks = found.test_notes.remarks.join("\n");
    assert!(
        remarks.contains("train") && remarks.contains("teile (1"),
        "{remarks}"
    );
    let plain = tree(&["0.png"]);
    let message = Dataset::discover_to_test(plain.path(), &GoodNames::default())
        .unwrap_err()
        .to_string();
    assert!(message.contains("test/good"), "{message}");
}

/// The faults of a data set, and what `test` says of it.
fn mask_faults(files: &[&str]) -> (TempDir, Vec<MaskFault>, String) {
    let root = tree(files);
    let faults = Dataset::discover(root.path()).unwrap().mask_faults;
    let error = Dataset::discover_to_test(root.path(), &GoodNames::default()).unwrap_err();
    (root, faults, error.to_string())
}

#[test]
fn one_mask_for_two_pictures_is_an_error_that_names_all_three() {
    let (_root, faults, message) = mask_faults(&[
        "train/good/0.png",
        "test/good/0.png",
        "test/dot/000.jpg",
        "test/dot/000.png",
        "ground_truth/dot/000_mask.png",
    ]);
    assert!(
        matches!(faults[..], [MaskFault::Shared { .. }]),
        "{faults:?}"
    );
    for name in [
        "test/dot/000.jpg",
        "test/dot/000.png",
        "ground_truth/dot/000_mask.png",
    ] {
        assert!(message.contains(name), "{name}: {message}");
    }
    // Also of pictures in different folders below.
    let (_root, faults, _message) = mask_faults(&[
        "train/good/0.png",
        "test/good/0.png",
        "test/dot/a/0.png",
        "test/dot/b/0.png",
        "ground_truth/dot/0_mask.png",
    ]);
    assert!(
        matches!(faults[..], [MaskFault::Shared { .. }]),
        "{faults:?}"
    );
}

#[test]
fn two_masks_for_one_picture_are_an_error_that_names_all_three() {
    let (_root, faults, message) = mask_faults(&[
        "train/good/0.png",
        "test/good/0.png",
        "test/dot/0.png",
        "ground_truth/dot/0_mask.bmp",
        "ground_truth/dot/0_mask.png",
    ]);
    assert!(
        matches!(faults[..], [MaskFault::Several { .. }]),
        "{faults:?}"
    );
    for name in ["test/dot/0.png", "0_mask.bmp", "0_mask.png"] {
        assert!(message.contains(name), "{name}: {message}");
    }
}

#[test]
fn masks_that_lie_among_the_pictures_are_an_error_that_names_both() {
    for (picture, mask) in [
        ("000.png", "000_mask.png"),
        ("Part0.jpg", "Part0_label.bmp"),
        ("10000.png", "10000_GT.png"),
    ] {
        let (picture, mask) = (format!("test/dot/{picture}"), format!("test/dot/{mask}"));
        let (_root, faults, message) =
            mask_faults(&["train/good/0.png", "test/good/0.png", &picture, &mask]);
        assert!(
            matches!(faults[..], [MaskFault::AmongPictures { .. }]),
            "{faults:?}"
        );
        assert!(
            message.contains(&picture) && message.contains(&mask),
            "{message}"
        );
    }
    let root = tree(&["train/good/0.png", "train/good/0_mask.png"]);
    let message = Dataset::discover(root.path()).unwrap_err().to_string();
    assert!(message.contains("train/good/0_mask.png"), "{message}");
    let root = tree(&["bad/0.png", "bad/0_mask.png"]);
    let layout = FolderLayout {
        abnormal: vec![root.path().join("bad")],
        ..FolderLayout::default()
    };
    let message = discovered(&layout).unwrap_err().to_string();
    assert!(message.contains("bad/0_mask.png"), "{message}");
}
