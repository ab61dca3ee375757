//! Equal and nearly equal pictures.

use cfa_runtime::Cancellation;
use cfa_runtime::picture::{Limits, Picture, ReadOptions};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

use super::*;
use crate::dataset::{Copies, DataAccount, Fingerprint, GoodSplit, Notes, fingerprints};

/// A disc at a place that depends on the seed, with a grain that depends on `grain`.
fn part(seed: u32, grain: u32) -> RgbImage {
    let (cx, cy) = (100 + seed * 7 % 60, 110 + seed * 11 % 50);
    RgbImage::from_fn(256, 256, |x, y| {
        let inside = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) < 60 * 60;
        let base = if inside {
            [190, 140, 90]
        } else {
            [60 + x / 8, 70, 80]
        };
        let noise = (x.wrapping_mul(2_654_435_761)
            ^ y.wrapping_mul(40_503)
            ^ grain.wrapping_mul(2_246_822_519))
            >> 7;
        Rgb(base.map(|value| (value + noise % 5) as u8))
    })
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .unwrap();
    bytes
}

fn fingerprint(picture: &RgbImage) -> Fingerprint {
    let (width, height) = picture.dimensions();
    Fingerprint::new(&Picture::from_rgb8(width, height, picture.clone().into_raw()).unwrap())
}

fn changed(picture: &RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    let mut changed = picture.clone();
    for value in changed.iter_mut() {
        *value = change(f32::from(*value)).round().clamp(0.0, 255.0) as u8;
    }
    changed
}

#[test]
fn copies_resemble_their_picture() {
    let picture = part(0, 0);
    let original = fingerprint(&picture);
    for quality in [50, 75, 90] {
        let copy = Picture::decode(&jpeg(&picture, quality), &ReadOptions::default()).unwrap();
        let copy = Fingerprint::new(&copy);
        assert!(
            original.resembles(&copy) && !original.equals(&copy),
            "quality {quality}"
        );
    }
    let burst = fingerprint(&part(0, 1));
    assert!(
        original.resembles(&burst) && !original.equals(&burst),
        "other grain"
    );
    for (name, copy) in [
        ("1 % brighter", changed(&picture, |value| value * 1.01)),
        (
            "two levels brighter",
            changed(&picture, |value| value + 2.0),
        ),
    ] {
        assert!(original.resembles(&fingerprint(&copy)), "{name}");
    }
    assert!(original.equals(&fingerprint(&picture)));
}

#[test]
fn other_parts_and_defects_do_not_resemble() {
    let picture = part(0, 0);
    let original = fingerprint(&picture);
    for seed in 1..30 {
        assert!(
            !original.resembles(&fingerprint(&part(seed, 0))),
            "seed {seed}"
        );
    }
    let mut scratched = picture.clone();
    for x in 90..120 {
        for y in 100..103 {
            scratched.put_pixel(x, y, Rgb([20, 20, 20]));
        }
    }
    assert!(!original.resembles(&fingerprint(&scratched)));
    let mut recoloured = picture.clone();
    for pixel in recoloured.pixels_mut() {
        pixel.0.rotate_left(1);
    }
    assert!(
        !original.resembles(&fingerprint(&recoloured)),
        "equally bright, other colours"
    );
}

/// Little contrast does not make pictures alike, as in 12-bit frames in 16 bits.
#[test]
fn dark_and_flat_pictures_are_not_alike_for_that() {
    let dark = |seed| changed(&part(seed, 0), |value| value / 16.0);
    let original = fingerprint(&dark(0));
    for seed in 1..30 {
        assert!(
            !original.resembles(&fingerprint(&dark(seed))),
            "seed {seed}"
        );
    }
    let flat = |value| fingerprint(&RgbImage::from_pixel(64, 64, Rgb([value; 3])));
    assert!(flat(100).equals(&flat(100)));
    assert!(!flat(100).resembles(&flat(101)));
    let tiny = fingerprint(&RgbImage::from_pixel(3, 2, Rgb([7; 3])));
    assert!(tiny.equals(&tiny.clone()));
}

/// Twenty parts ten times each, in one folder: half of the copies byte by byte, the others
/// compressed again.
fn ten_times_each() -> (TempDir, Vec<PathBuf>) {
    let root = TempDir::new().unwrap();
    for seed in 0..20 {
        let picture = part(seed, 0);
        for copy in 0..10 {
            let path = root.path().join(format!("{copy}_{seed:02}.png"));
            if copy % 2 == 0 {
                picture.save(&path).unwrap();
            } else {
                write(&path.with_extension("jpg"), &jpeg(&picture, 80 + copy));
            }
        }
    }
    let paths = Dataset::discover(root.path()).unwrap().train_good;
    (root, paths)
}

#[test]
fn copies_are_found_whatever_they_are_called() {
    let (_root, paths) = ten_times_each();
    let checked = check_pictures(
        &paths,
        &preprocessing(),
        Limits::default(),
        false,
        &Cancellation::new(),
    )
    .unwrap();
    let copies = checked.copies(false);
    assert_eq!(copies.distinct(&paths).len(), 20);
    assert_eq!((copies.equal(), copies.nearly_equal()), (80, 100));
    let equal = checked.copies(true);
    assert_eq!((equal.equal(), equal.nearly_equal()), (80, 0));
    let number = |path: &Path| path.file_stem().unwrap().to_str().unwrap()[2..].to_owned();
    assert!(
        copies
            .pairs()
            .all(|(copy, first)| number(copy) == number(first))
    );

    let split = GoodSplit::apart(&checked.good, &copies, 0.1, 0.0);
    assert_eq!((split.calibration.len(), split.training.len()), (2, 180));
    let account = DataAccount::of_training(&Dataset::default(), &checked, &copies, &split, &[]);
    assert_eq!(
        (account.counts.pictures_found, account.counts.pictures_used),
        (200, 182)
    );
    let text = account.to_string();
    for words in [
        "200 found, 182 used",
        "18 copies of held-out",
        "80 equal and 100 nearly",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn all_is_well_is_one_line() {
    let root = TempDir::new().unwrap();
    for seed in 0..12 {
        part(seed, 0)
            .save(root.path().join(format!("{seed}.png")))
            .unwrap();
    }
    let dataset = Dataset::discover(root.path()).unwrap();
    let checked = check_pictures(
        &dataset.train_good,
        &preprocessing(),
        Limits::default(),
        false,
        &Cancellation::new(),
    )
    .unwrap();
    let (copies, split) = (
        checked.copies(false),
        GoodSplit::new(&checked.good, 0.1, 0.0),
    );
    assert_eq!(copies, Copies::default());
    let account = DataAccount::of_training(&dataset, &checked, &copies, &split, &[]);
    assert_eq!(
        account.to_string(),
        "pictures: 12 found, all used, no two alike"
    );
    assert!(account.all_is_well());
}

#[test]
fn pictures_in_training_and_test_are_told() {
    let root = TempDir::new().unwrap();
    for folder in ["train/good", "test/good", "test/dot", "test/hole"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let save = |name: &str, seed, grain| part(seed, grain).save(root.path().join(name)).unwrap();
    for seed in 0..12 {
        save(&format!("train/good/{seed}.png"), seed, 0);
    }
    save("test/good/equal.png", 3, 0);
    save("test/good/nearly.png", 4, 1);
    save("test/good/other.png", 20, 0);
    save("test/dot/equal.png", 5, 0);
    save("test/dot/nearly.png", 6, 1);
    save("test/hole/as_good.png", 20, 0);
    let dataset = Dataset::discover(root.path()).unwrap();
    let fingerprinted = |paths: &[PathBuf]| {
        fingerprints(
            paths,
            &preprocessing(),
            Limits::default(),
            &Cancellation::new(),
        )
        .unwrap()
    };
    let tested: Vec<_> = dataset
        .test
        .iter()
        .map(|picture| picture.path.clone())
        .collect();
    let training: Vec<_> = fingerprinted(&dataset.train_good)
        .into_iter()
        .map(|(_, seen)| seen)
        .collect();
    let account = DataAccount::of_test(
        &dataset,
        (&dataset.train_good, &training),
        &fingerprinted(&tested),
    );
    let reported: Vec<_> = account
        .overlaps
        .iter()
        .map(|overlap| (overlap.between, overlap.count))
        .collect();
    assert_eq!(
        reported,
        [
            ("two kinds of test pictures", 1),
            ("training and test pictures", 3)
        ]
    );
    let text = account.to_string();
    for name in [
        "good/3.png = ",
        "test/good/equal.png",
        "test/dot/equal.png",
        "hole/as_good.png",
    ] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(
        !text.contains("dot/nearly"),
        "a defect may be all that is different: {text}"
    );
}

#[test]
fn pictures_that_share_a_name_are_told() {
    let root = TempDir::new().unwrap();
    part(0, 0).save(root.path().join("a.png")).unwrap();
    part(1, 0).save(root.path().join("a.bmp")).unwrap();
    let dataset = Dataset::discover(root.path()).unwrap();
    let checked = check_pictures(
        &dataset.train_good,
        &preprocessing(),
        Limits::default(),
        false,
        &Cancellation::new(),
    )
    .unwrap();
    let (copies, split) = (
        checked.copies(false),
        GoodSplit::new(&checked.good, 0.1, 0.0),
    );
    let text = DataAccount::of_training(&dataset, &checked, &copies, &split, &[]).to_string();
    assert!(
        text.contains("a.bmp and ") && text.contains("a.png; is one of them a mask?"),
        "{text}"
    );
    assert!(text.contains("2 different pictures to train on"), "{text}");
}

/// Different parts under a fixed camera look very much alike, and are not merged.
#[test]
fn no_two_of_the_photographs_are_alike() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !data.exists() {
        eprintln!("skipped: {} is missing", data.display());
        return;
    }
    for name in ["mvtec_bottle", "kolektor_sdd", "hazelnut_toy"] {
        let found = Dataset::discover(&data.join(name)).unwrap();
        let test = found.test.iter().map(|picture| picture.path.clone());
        let paths: Vec<_> = found.train_good.iter().cloned().chain(test).collect();
        let preprocessing = Preprocessing::imagenet(
            Size {
                height: 64,
                width: 64,
            },
            None,
        )
        .unwrap();
        let checked = check_pictures(
            &paths,
            &preprocessing,
            Limits::default(),
            false,
            &Cancellation::new(),
        )
        .unwrap();
        assert_eq!(checked.copies(false), Copies::default(), "{name}");
        assert_eq!(found.notes, Notes::default(), "{name}");
        // And a copy of each is found.
        for (path, own) in checked.good.iter().zip(&checked.fingerprints).step_by(7) {
            let picture = Picture::open(path, &ReadOptions::default())
                .unwrap()
                .to_rgb8();
            let copy = Picture::decode(&jpeg(&picture, 75), &ReadOptions::default()).unwrap();
            assert!(
                own.resembles(&Fingerprint::new(&copy)),
                "{}",
                path.display()
            );
        }
    }
}
