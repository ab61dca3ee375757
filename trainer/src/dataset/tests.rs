#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::fs;
use std::path::{Path, PathBuf};

use cfa_runtime::Cancellation;
use cfa_runtime::picture::Limits;
use cfa_runtime::preprocess::{AspectRule, Preprocessing, Size};
use tempfile::TempDir;

use super::{
    Dataset, DatasetError, FolderLayout, GoodNames, PixelTruth, TestPicture, check_pictures,
    content_digest, fingerprints,
};

mod alike;
mod found;
mod names;
mod properties;

fn discovered(layout: &FolderLayout) -> Result<Vec<TestPicture>, DatasetError> {
    Ok(layout.discover(&GoodNames::default())?.test)
}

/// A folder with these files, each holding its own name.
fn tree(files: &[&str]) -> TempDir {
    let root = TempDir::new().unwrap();
    for file in files {
        write(&root.path().join(file), file.as_bytes());
    }
    root
}

/// The shorter side gets 64 px, so that pictures may be too long.
fn preprocessing() -> Preprocessing {
    let square = |side| Size {
        height: side,
        width: side,
    };
    Preprocessing::imagenet(square(64), Some(square(48)))
        .and_then(|recipe| recipe.changed(|parts| parts.aspect = AspectRule::ShorterSide))
        .unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn below(root: &TempDir, paths: impl IntoIterator<Item = PathBuf>) -> Vec<String> {
    let paths = paths.into_iter();
    paths
        .map(|path| {
            path.strip_prefix(root.path())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

const MVTEC: [&str; 9] = [
    "train/good/002.png",
    "train/good/001.JPG",
    "train/good/notes.txt",
    "test/good/000.png",
    "test/scratch/000.png",
    "test/scratch/001.webp",
    "test/dent/000.tif",
    "ground_truth/scratch/000_mask.png",
    "ground_truth/dent/000.BMP",
];

#[test]
fn the_mvtec_layout_is_found_in_order() {
    let root = tree(&MVTEC);
    let found = Dataset::discover(root.path()).unwrap();
    assert_eq!(
        below(&root, found.train_good),
        ["train/good/001.JPG", "train/good/002.png"]
    );
    let test: Vec<_> = found
        .test
        .iter()
        .map(|p| (p.defect.as_str(), p.is_defective()))
        .collect();
    assert_eq!(
        test,
        [
            ("dent", true),
            ("good", false),
            ("scratch", true),
            ("scratch", true)
        ]
    );
    let masks = found.test.iter().filter_map(|picture| picture.mask.clone());
    assert_eq!(
        below(&root, masks),
        [
            "ground_truth/dent/000.BMP",
            "ground_truth/scratch/000_mask.png"
        ]
    );
}

#[test]
fn a_missing_mask_is_named_only_when_masks_are_wanted() {
    let root = tree(&MVTEC);
    let message = Dataset::discover(root.path())
        .unwrap()
        .require_masks()
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("(1)") && message.contains("test/scratch/001.webp"),
        "{message}"
    );
    assert!(!message.contains("000"), "{message}");
    write(&root.path().join("ground_truth/scratch/001_mask.png"), b"");
    let complete = Dataset::discover(root.path()).unwrap();
    assert_eq!(complete.require_masks().unwrap(), PixelTruth::Complete);
}

#[test]
fn a_data_set_without_ground_truth_has_no_pixel_figures() {
    let root = tree(&["train/good/0.png", "test/scratch/0.png"]);
    let found = Dataset::discover(root.path()).unwrap();
    assert_eq!(found.require_masks().unwrap(), PixelTruth::Absent);
}

#[test]
fn folders_named_one_by_one_are_a_test_set() {
    let root = tree(&[
        "fine/1.png",
        "fine/0.png",
        "bad/good/0.png",
        "bad/dent/0.png",
        "bad/dent/1.jpg",
        "masks/dent/0_mask.png",
        "masks/dent/1.png",
        "masks/good/0.png",
        "empty/readme.txt",
    ]);
    let at = |name: &str| root.path().join(name);
    let mut layout = FolderLayout {
        normal_test: vec![at("fine")],
        abnormal: vec![at("bad/dent"), at("bad/good")],
        masks: vec![at("masks/dent"), at("masks/good")],
    };
    let found = discovered(&layout).unwrap();
    let named: Vec<_> = found.iter().map(|p| p.defect.as_str()).collect();
    assert_eq!(named, ["good", "good", "dent", "dent", "abnormal"]);
    let masks = found.iter().filter_map(|picture| picture.mask.clone());
    assert_eq!(
        below(&root, masks),
        [
            "masks/dent/0_mask.png",
            "masks/dent/1.png",
            "masks/good/0.png"
        ]
    );
    let paths = found.into_iter().map(|picture| picture.path).take(2);
    assert_eq!(below(&root, paths), ["fine/0.png", "fine/1.png"]);

    layout.masks.swap(0, 1);
    let message = discovered(&layout).unwrap_err().to_string();
    assert!(
        message.contains("dent/1.jpg") && !message.contains("0.png"),
        "{message}"
    );
    layout.masks.pop();
    let message = discovered(&layout).unwrap_err().to_string();
    assert!(message.contains("1 folders of masks for 2"), "{message}");
    layout.masks.clear();
    let found = discovered(&layout).unwrap();
    assert!(found.iter().all(|picture| picture.mask.is_none()));
    layout.abnormal.push(at("empty"));
    let message = discovered(&layout).unwrap_err().to_string();
    assert!(
        message.contains("empty: it holds other files (1)"),
        "{message}"
    );
}

#[test]
fn a_mask_with_the_suffix_goes_before_one_of_the_same_name() {
    let root = tree(&[
        "train/good/0.png",
        "test/scratch/0.png",
        "ground_truth/scratch/0.png",
        "ground_truth/scratch/0_mask.png",
    ]);
    let found = Dataset::discover(root.path()).unwrap();
    let masks = found.test.into_iter().filter_map(|picture| picture.mask);
    assert_eq!(below(&root, masks), ["ground_truth/scratch/0_mask.png"]);
}

#[test]
fn a_plain_folder_is_all_training() {
    let endings = [
        "a.png", "b.jpg", "c.jpeg", "d.bmp", "e.tif", "f.tiff", "g.webp", "h.PnG", "i.jfif",
        "j.JPE",
    ];
    let root = tree(
        &[
            &endings[..],
            &["Thumbs.db", ".hidden.png", "noending", "sub/z.txt"],
        ]
        .concat(),
    );
    fs::create_dir(root.path().join("folder.png")).unwrap();
    let found = Dataset::discover(root.path()).unwrap();
    assert_eq!(below(&root, found.train_good), endings);
    assert!(found.test.is_empty());
}

#[test]
fn folders_without_pictures_say_what_was_found() {
    for (files, expected) in [
        (&[][..], "it is empty"),
        (&["readme.txt"], "it holds other files (1)"),
        (
            &["bottle/train/good/0.png", "cable/x", "a.txt"],
            "folders with pictures, and it is not clear which show good parts: bottle (1 picture)",
        ),
        (
            &["train/good/notes.txt"],
            "train/good: it holds other files (1)",
        ),
    ] {
        let root = tree(files);
        let message = Dataset::discover(root.path()).unwrap_err().to_string();
        assert!(message.contains(expected), "{expected}: {message}");
    }
    let missing = Dataset::discover(Path::new("no/such/folder")).unwrap_err();
    assert!(matches!(missing, DatasetError::NotAFolder { .. }));
}

fn png(width_px: u32, height_px: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width_px, height_px, image::Rgb([9, 99, 199]));
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Two good pictures and five bad ones: cut short, no picture, tiny, a header that
/// promises 20000 × 20000 pixels, and one too long after the resize.
fn good_and_bad() -> (TempDir, Vec<PathBuf>) {
    let root = TempDir::new().unwrap();
    let whole = png(32, 32);
    // The size stands after the signature and the chunk's length and name; its checksum
    // is of those 17 bytes.
    let mut bomb = whole.clone();
    bomb.splice(16..24, [0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    bomb.splice(29..33, [0x6c, 0x12, 0xd1, 0x6e]);
    for (name, bytes) in [
        ("a_good.png", &whole[..]),
        ("b_cut.png", &whole[..whole.len() / 2]),
        ("c_text.png", b"hello, world"),
        ("d_tiny.png", &png(1, 1)),
        ("e_bomb.png", &bomb),
        ("f_good.png", &whole),
        ("g_long.png", &png(1040, 16)),
    ] {
        write(&root.path().join(name), bytes);
    }
    let paths = Dataset::discover(root.path()).unwrap().train_good;
    (root, paths)
}

#[test]
fn bad_pictures_are_an_error_that_names_them_all() {
    let (_root, paths) = good_and_bad();
    let error = check_pictures(
        &paths,
        &preprocessing(),
        Limits::default(),
        false,
        &Cancellation::new(),
    )
    .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("(5)") && message.contains("allow bad pictures to be skipped"),
        "{message}"
    );
    for name in [
        "b_cut.png",
        "c_text.png",
        "d_tiny.png: 1×1",
        "e_bomb.png: 20000×20000",
        "g_long.png: the picture would be resized to 64×4160 px",
    ] {
        assert!(message.contains(name), "{name}: {message}");
    }
    assert!(!message.contains("good"), "{message}");
}

#[test]
fn bad_pictures_can_be_passed_over() {
    let (root, paths) = good_and_bad();
    let checked = check_pictures(
        &paths,
        &preprocessing(),
        Limits::default(),
        true,
        &Cancellation::new(),
    )
    .unwrap();
    assert_eq!(below(&root, checked.good), ["a_good.png", "f_good.png"]);
    let bad = below(&root, checked.bad.into_iter().map(|bad| bad.path));
    let names = [
        "b_cut.png",
        "c_text.png",
        "d_tiny.png",
        "e_bomb.png",
        "g_long.png",
    ];
    assert_eq!(bad, names);
    assert_eq!(checked.largest_px, 32 * 32, "of the good ones");
}

#[test]
fn a_cancelled_check_reads_no_picture() {
    let paths = vec![PathBuf::from("missing.png"); 20];
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let limits = Limits::default();
    let stopped = check_pictures(&paths, &preprocessing(), limits, false, &cancellation);
    assert!(matches!(stopped, Err(DatasetError::Interrupted(_))));
    let stopped = fingerprints(&paths, &preprocessing(), limits, &cancellation);
    assert!(matches!(stopped, Err(DatasetError::Interrupted(_))));
}

#[test]
fn nothing_but_bad_pictures_is_an_error_even_when_skipping() {
    let names: Vec<String> = ('a'..='l').map(|letter| format!("{letter}.png")).collect();
    let root = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let paths = Dataset::discover(root.path()).unwrap().train_good;
    let error = check_pictures(
        &paths,
        &preprocessing(),
        Limits::default(),
        true,
        &Cancellation::new(),
    )
    .unwrap_err();
    assert!(matches!(error, DatasetError::AllBad { .. }));
    let message = error.to_string();
    assert!(
        message.contains("j.png") && !message.contains("k.png"),
        "{message}"
    );
    assert!(message.ends_with("and 2 more"), "{message}");
    assert!(
        check_pictures(
            &[],
            &preprocessing(),
            Limits::default(),
            true,
            &Cancellation::new()
        )
        .unwrap()
        .good
        .is_empty()
    );
}

#[test]
fn the_content_digest_depends_on_content_and_order_alone() {
    let first = tree(&["a.png", "b.png"]);
    let second = tree(&["a.png", "b.png"]);
    let digest = |root: &TempDir, names: &[&str]| {
        let paths: Vec<PathBuf> = names.iter().map(|name| root.path().join(name)).collect();
        content_digest(&paths)
    };
    let whole = digest(&first, &["a.png", "b.png"]).unwrap();
    assert_eq!(whole.len(), 64);
    assert_eq!(digest(&second, &["b.png", "a.png"]).unwrap(), whole);
    assert_ne!(digest(&second, &["a.png"]).unwrap(), whole);
    assert!(
        digest(&second, &["c.png"])
            .unwrap_err()
            .to_string()
            .contains("c.png")
    );
    fs::write(second.path().join("b.png"), "x").unwrap();
    assert_ne!(digest(&second, &["a.png", "b.png"]).unwrap(), whole);
}

#[test]
fn the_data_sets_of_this_machine_are_complete() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.exists() {
        eprintln!("skipped: {} is missing", data.display());
        return;
    }
    for (name, train, good, defective) in [
        ("mvtec_bottle", 50, 20, 30),
        ("kolektor_sdd", 60, 50, 25),
        ("hazelnut_toy", 28, 6, 17),
    ] {
        let found = Dataset::discover(&data.join(name)).unwrap();
        let bad = found
            .test
            .iter()
            .filter(|picture| picture.is_defective())
            .count();
        let counts = (found.train_good.len(), found.test.len() - bad, bad);
        assert_eq!(counts, (train, good, defective), "{name}");
        assert_eq!(found.require_masks().unwrap(), PixelTruth::Complete);
    }
}
