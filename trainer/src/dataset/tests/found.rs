//! All files that are found are used, or reported.

use super::*;
use crate::dataset::{LeftOutReason, Notes, UnusedFile};

fn left_out(root: &TempDir, notes: &Notes) -> Vec<(LeftOutReason, String)> {
    let reported = |UnusedFile { path, reason }: &UnusedFile| {
        (*reason, below(root, [path.clone()])[0].clone())
    };
    notes.left_out.iter().map(reported).collect()
}

#[test]
fn pictures_in_folders_below_are_used() {
    let root = tree(&[
        "train/good/0.png",
        "train/good/shift0/0.png",
        "train/good/shift1/day2/0.jfif",
        "test/good/0.png",
        "test/scratch/rgb/0.png",
        "test/scratch/rgb/1.png",
        "test/dent/a/0.png",
        "ground_truth/scratch/rgb/0_mask.png",
        "ground_truth/scratch/1_mask.png",
        "ground_truth/dent/a/0.png",
    ]);
    let found = Dataset::discover(root.path()).unwrap();
    let expected = [
        "train/good/0.png",
        "train/good/shift0/0.png",
        "train/good/shift1/day2/0.jfif",
    ];
    assert_eq!(below(&root, found.train_good.clone()), expected);
    assert_eq!(found.require_masks().unwrap(), PixelTruth::Complete);
    let masks = found.test.iter().filter_map(|picture| picture.mask.clone());
    let expected = [
        "ground_truth/dent/a/0.png",
        "ground_truth/scratch/rgb/0_mask.png",
        "ground_truth/scratch/1_mask.png",
    ];
    assert_eq!(below(&root, masks), expected);
    assert_eq!((found.notes, found.test_notes), Default::default());
}

#[test]
fn what_is_not_used_is_told_with_its_reason() {
    let root = tree(&[
        "overview.jpg",
        "validation/good/0.png",
        "train/stray.png",
        "train/good/0.png",
        "train/good/g.pgm",
        "train/good/h.GIF",
        "train/good/notes.txt",
        "train/good/.DS_Store",
        "train/good/._0.png",
        "train/good/Thumbs.db",
        "train/good/gt/0.png",
        "train/NG/0.png",
        "test/stray.png",
        "test/good/0.png",
        "test/scratch/0.pgm",
        "test/dent/0.png",
        "ground_truth/dent/0_mask.png",
        "ground_truth/dent/7_mask.png",
        "ground_truth/hole/0_mask.png",
    ]);
    let mut bare = png(9, 9);
    write(&root.path().join("train/good/bare"), &bare);
    bare.splice(0..8, *b"GIF89a\0\0");
    write(&root.path().join("train/good/b.dat"), &bare);
    let found = Dataset::discover(root.path()).unwrap();
    assert_eq!(below(&root, found.train_good.clone()), ["train/good/0.png"]);
    let expected = [
        (LeftOutReason::System, "train/good/._0.png"),
        (LeftOutReason::OtherFormat, "train/good/b.dat"),
        (LeftOutReason::OtherFormat, "train/good/bare"),
        (LeftOutReason::OtherFormat, "train/good/g.pgm"),
        (LeftOutReason::MaskFolder, "train/good/gt"),
        (LeftOutReason::OtherFormat, "train/good/h.GIF"),
        (LeftOutReason::Stray, "train/stray.png"),
        (LeftOutReason::OtherFolder, "train/NG/0.png"),
        (LeftOutReason::Stray, "overview.jpg"),
        (LeftOutReason::OtherFolder, "validation/good/0.png"),
    ];
    assert_eq!(
        left_out(&root, &found.notes),
        expected.map(|(reason, path)| (reason, path.to_owned()))
    );
    let expected = [
        (LeftOutReason::Stray, "overview.jpg"),
        (LeftOutReason::OtherFolder, "validation/good/0.png"),
        (
            LeftOutReason::MaskWithoutPicture,
            "ground_truth/dent/7_mask.png",
        ),
        (LeftOutReason::OtherFormat, "test/scratch/0.pgm"),
        (LeftOutReason::Stray, "test/stray.png"),
        (
            LeftOutReason::MaskWithoutPicture,
            "ground_truth/hole/0_mask.png",
        ),
    ];
    assert_eq!(
        left_out(&root, &found.test_notes),
        expected.map(|(reason, path)| (reason, path.to_owned()))
    );
    let remark = &found.test_notes.remarks[0];
    assert!(
        remark.contains("no pictures") && remark.contains("test/scratch"),
        "{remark}"
    );
}

#[test]
fn folders_of_storage_devices_and_systems_are_left_out() {
    let names = [
        "@eaDir",
        "#recycle",
        ".Trash-1000",
        "lost+found",
        "System Volume Information",
        "__MACOSX",
        ".thumbnails",
        "@Recycle",
        "$RECYCLE.BIN",
    ];
    let mut files = vec![
        "train/good/0.png".to_owned(),
        "test/good/0.png".to_owned(),
        "test/dot/0.png".to_owned(),
    ];
    for name in names {
        for place in [
            "",
            "train/",
            "train/good/",
            "test/",
            "test/dot/",
            "ground_truth/",
        ] {
            files.push(format!("{place}{name}/0.png/thumb.jpg"));
            files.push(format!("{place}{name}/1.png"));
        }
    }
    files.push("ground_truth/dot/0_mask.png".to_owned());
    let root = tree(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let found = Dataset::discover(root.path()).unwrap();
    assert_eq!(below(&root, found.train_good.clone()), ["train/good/0.png"]);
    let kinds: Vec<_> = found
        .test
        .iter()
        .map(|picture| picture.defect.as_str())
        .collect();
    assert_eq!(kinds, ["dot", "good"]);
    let reported: Vec<_> = found
        .notes
        .left_out
        .iter()
        .map(|left| left.reason)
        .collect();
    assert!(
        !reported.is_empty()
            && reported
                .iter()
                .all(|reason| *reason == LeftOutReason::System)
    );
    let places: Vec<String> = left_out(&root, &found.notes)
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    for place in ["@eaDir", "train/@eaDir", "train/good/@eaDir"] {
        assert!(
            places.iter().any(|reported| reported == place),
            "{place} is not in {places:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;
    let root = tree(&[
        "elsewhere/0.png",
        "elsewhere/1.png",
        "train/good/2.png",
        "test/good/0.png",
    ]);
    let at = |name: &str| root.path().join(name);
    symlink(at("elsewhere"), at("train/good/linked")).unwrap();
    symlink(at("elsewhere/0.png"), at("train/good/0.png")).unwrap();
    symlink(at("train/good"), at("train/good/circle")).unwrap();
    symlink(at("nowhere.png"), at("train/good/broken.png")).unwrap();
    symlink(at("elsewhere"), at("test/dent")).unwrap();
    let found = Dataset::discover(root.path()).unwrap();
    let expected = [
        "train/good/0.png",
        "train/good/2.png",
        "train/good/linked/0.png",
        "train/good/linked/1.png",
    ];
    assert_eq!(below(&root, found.train_good.clone()), expected);
    assert_eq!(
        found
            .test
            .iter()
            .filter(|picture| picture.defect == "dent")
            .count(),
        2
    );
    let reported = left_out(&root, &found.notes);
    assert!(
        reported.contains(&(
            LeftOutReason::BrokenLink,
            "train/good/broken.png".to_owned()
        )),
        "{reported:?}"
    );
    assert!(
        reported.contains(&(LeftOutReason::CircularLink, "train/good/circle".to_owned())),
        "{reported:?}"
    );
}

/// Nothing but the folders' names could tell which of them hold good pictures.
#[test]
fn a_whole_project_is_no_folder_of_good_pictures() {
    for files in [
        &["preview.png", "good/0.png", "good/1.png", "crack/0.png"][..],
        &["good/0.png", "good/1.png", "crack/0.png"],
        &["0.png", "1.png", "more/crack/0.png"],
        &["preview.png", "Training/0.png", "testing/0.png"],
    ] {
        let root = tree(files);
        for error in [
            Dataset::discover(root.path()).unwrap_err(),
            Dataset::discover_good(root.path(), &GoodNames::default()).unwrap_err(),
        ] {
            assert!(
                matches!(error, DatasetError::WhichAreGood { .. }),
                "{error}"
            );
            let message = error.to_string();
            let folder = files.last().unwrap().split('/').next().unwrap();
            assert!(
                message.contains(&format!("{folder} (")),
                "{folder}: {message}"
            );
        }
    }
}

#[test]
fn a_name_settles_which_folder_is_good() {
    let root = tree(&[
        "preview.png",
        "good/0.png",
        "good/a/1.png",
        "crack/0.png",
        "Sound/0.png",
    ]);
    let given = |name: &str| GoodNames::only(vec![name.to_owned()]);
    let found = Dataset::discover_with(root.path(), &given("sound")).unwrap();
    assert_eq!(below(&root, found.train_good.clone()), ["Sound/0.png"]);
    assert_eq!(found.notes.left_out.len(), 4);
    let found = Dataset::discover(&root.path().join("good")).unwrap();
    assert_eq!(
        below(&root, found.train_good),
        ["good/0.png", "good/a/1.png"],
        "by its own name"
    );
    let message = Dataset::discover_with(root.path(), &given("fine"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("crack (1") && message.contains("good (2"),
        "{message}"
    );
}

#[test]
fn folders_of_defective_pictures_hold_no_others() {
    let root = tree(&[
        "dent/0.png",
        "dent/deep/1.png",
        "all/good/0.png",
        "all/dent/0.png",
    ]);
    let found = Dataset::discover_defective(&root.path().join("dent")).unwrap();
    assert_eq!(found.len(), 2);
    let message = Dataset::discover_defective(&root.path().join("all"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("all/good"), "{message}");
}
