#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test may stop where it stands; scores are handed through"
)]

use std::path::{Path, PathBuf};

use cfa_runtime::Cancellation;
use cfa_runtime::inspector::PictureSize;
use cfa_runtime::picture::{Limits, Mask, ReadOptions};
use cfa_runtime::preprocess::{Preprocessing, Size};

use super::odd_masks::{looks_inverted, require_upright};
use super::tally::SeenMasks;
use super::{
    Evaluation, MapFolder, MapFolderError, Oddity, OutsideCrop, PictureScore, Tally, check,
    score_range,
};
use crate::dataset::{DatasetError, TestPicture};

fn picture(defect: &str, name: &str, mask: bool) -> TestPicture {
    TestPicture {
        path: PathBuf::from(format!("test/{defect}/{name}")),
        defect: defect.to_owned(),
        mask: mask.then(|| PathBuf::from("mask.png")),
    }
}

fn seen(defect: &str, name: &str, score: f32) -> PictureScore {
    PictureScore {
        picture: picture(defect, name, false),
        score,
        total_ms: 1.0,
    }
}

fn recipe() -> Preprocessing {
    let side = |side| Size {
        height: side,
        width: side,
    };
    Preprocessing::imagenet(side(32), Some(side(16))).unwrap()
}

/// Scores stand in for those of an inspector.
fn evaluation(pictures: Vec<PictureScore>) -> Evaluation {
    let mut tally = Tally::new(&[], &recipe(), ReadOptions::default()).unwrap();
    tally.pictures = pictures;
    tally.finish().unwrap()
}

#[test]
fn with_one_mask_every_defective_picture_needs_one() {
    let good = picture("good", "0.png", false);
    let (with, without) = (
        picture("dent", "0.png", true),
        picture("dent", "1.png", false),
    );
    assert!(
        Tally::new(
            &[good.clone(), with.clone()],
            &recipe(),
            ReadOptions::default()
        )
        .is_ok()
    );
    assert!(
        Tally::new(
            &[good.clone(), without.clone()],
            &recipe(),
            ReadOptions::default()
        )
        .is_ok()
    );
    let Err(DatasetError::MissingMasks { pictures }) =
        Tally::new(&[good, with, without], &recipe(), ReadOptions::default())
    else {
        unreachable!("a mask is missing")
    };
    assert_eq!(pictures, [Path::new("test/dent/1.png")]);
}

#[test]
fn each_kind_of_defect_is_measured_against_all_good_pictures() {
    let found = evaluation(vec![
        seen("good", "0.png", 1.0),
        seen("good", "1.png", 3.0),
        seen("dent", "0.png", 2.0),
        seen("zebra", "0.png", 4.0),
    ]);
    assert_eq!(found.overall.image_auroc, Some(0.75));
    let figures = |name: &str| {
        let figures = &found.defects[name];
        (
            figures.image_auroc,
            figures.images,
            figures.defective,
            figures.regions,
        )
    };
    assert_eq!(found.defects.len(), 2);
    assert_eq!(figures("dent"), (Some(0.5), 3, 1, None));
    assert_eq!(figures("zebra"), (Some(1.0), 3, 1, None));
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["image_auroc"], 0.75);
    assert_eq!(json["defects"]["dent"]["image_auroc"], 0.5);
    assert!(json["pixel_auroc"].is_null() && json.get("pictures").is_none());
}

#[test]
fn groups_stand_by_name_with_the_good_ones_last_and_high_scores_first() {
    let found = evaluation(vec![
        seen("good", "0.png", 1.0),
        seen("zebra", "b.png", 4.0),
        seen("zebra", "a.png", 4.0),
        seen("zebra", "c.png", 5.0),
        seen("dent", "0.png", 2.0),
    ]);
    let groups = found.groups();
    let names: Vec<&str> = groups.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["dent", "zebra", "good"]);
    let files = groups[1].1.iter().map(|seen| seen.picture.path.file_stem());
    let files: Vec<_> = files.map(|stem| stem.unwrap().to_str().unwrap()).collect();
    assert_eq!(files, ["c", "a", "b"]);
}

#[test]
fn a_range_has_the_middle_of_the_scores() {
    let scores = [3.0, 1.0, 2.0, 10.0].map(|score| seen("dent", "0.png", score));
    let range = |count: usize| score_range(&scores.iter().take(count).collect::<Vec<_>>());
    assert_eq!(range(0), None);
    assert_eq!(range(1), Some([3.0, 3.0, 3.0]));
    assert_eq!(range(3), Some([1.0, 2.0, 3.0]));
    assert_eq!(range(4), Some([1.0, 2.5, 10.0]));
}

#[test]
fn maps_are_filed_under_the_name_of_the_data_folder() {
    let (folder, pictures) = (Path::new("maps"), [picture("dent", "0.jpg", false)]);
    let maps = MapFolder::new(folder, Path::new("some/bottle"), &pictures).unwrap();
    assert_eq!(
        maps.file(&pictures[0]),
        Path::new("maps/bottle/test/dent/0.tiff")
    );
    let here = MapFolder::new(folder, Path::new("."), &pictures).unwrap();
    let name = std::env::current_dir().unwrap();
    assert!(
        here.file(&pictures[0])
            .starts_with(folder.join(name.file_name().unwrap()))
    );
    let nameless = MapFolder::new(folder, Path::new("/"), &pictures);
    assert!(matches!(nameless, Err(MapFolderError::NoObject { .. })));
}

/// A mask in a folder of its own, and what is odd about it.
fn remarks(image: &image::DynamicImage, name: &str) -> (Result<Vec<Oddity>, String>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    image.save(&path).unwrap();
    let part = folder.path().join("part.png");
    gray(|_, _| 100).save(&part).unwrap();
    let picture = TestPicture {
        path: part,
        mask: Some(path),
        ..picture("dent", "0.png", true)
    };
    let size = PictureSize {
        width_px: 32,
        height_px: 32,
    };
    let mut seen = SeenMasks::default();
    match seen.add(&picture, size, &recipe(), &ReadOptions::default()) {
        Ok(mask) => {
            let inverted = looks_inverted(&mask.unwrap());
            let odd = seen.odd.iter().map(|odd| odd.oddity);
            (Ok(odd.collect()), inverted)
        }
        Err(error) => (Err(error.to_string()), false),
    }
}

fn gray(value: impl Fn(u32, u32) -> u8) -> image::DynamicImage {
    image::GrayImage::from_fn(32, 32, |x, y| image::Luma([value(x, y)])).into()
}

fn in_square(x: u32, y: u32) -> bool {
    (8..16).contains(&x) && (8..16).contains(&y)
}

#[test]
fn an_ordinary_mask_has_no_remark() {
    let ordinary = gray(|x, y| if in_square(x, y) { 255 } else { 0 });
    assert_eq!(remarks(&ordinary, "0.png"), (Ok(Vec::new()), false));
}

#[test]
fn odd_masks_are_remarked_on() {
    let (odd, _) = remarks(&gray(|_, _| 0), "0.png");
    assert_eq!(odd, Ok(vec![Oddity::Empty]));
    let (odd, inverted) = remarks(&gray(|x, y| if in_square(x, y) { 0 } else { 255 }), "0.png");
    assert_eq!(odd, Ok(vec![Oddity::MostlySet { percent: 93 }]));
    assert!(inverted);
    // A large defect that leaves the border free.
    let large = gray(|x, y| {
        if x.min(y) < 2 || x.max(y) > 29 {
            0
        } else {
            255
        }
    });
    let (odd, inverted) = remarks(&large, "0.png");
    assert_eq!(odd, Ok(vec![Oddity::MostlySet { percent: 76 }]));
    assert!(!inverted);
    let noise = gray(|x, y| {
        if in_square(x, y) {
            255
        } else {
            1 + ((x + y) % 3) as u8
        }
    });
    let shades = Oddity::Shades {
        distinct: 4,
        defective_from: 128,
        unclear_px: 0,
    };
    let (odd, _) = remarks(&noise, "0.png");
    assert_eq!(odd, Ok(vec![shades, Oddity::GroundAboveZero { lowest: 1 }]));
    let kinds = gray(|x, y| if in_square(x, y) { (x % 3) as u8 } else { 0 });
    let (odd, _) = remarks(&kinds, "0.png");
    assert_eq!(
        odd,
        Ok(vec![Oddity::Kinds {
            distinct: 3,
            highest: 2
        }])
    );
}

/// A photograph, or kinds of defects in shades that half of the range cuts apart.
#[test]
fn a_mask_that_is_none_is_an_error() {
    let (photograph, _) = remarks(&gray(|x, y| (4 * x + 3 * y) as u8), "0.png");
    let message = photograph.unwrap_err();
    assert!(
        message.contains("two values") && message.contains("0.png"),
        "{message}"
    );
    let shades = gray(|x, y| match (in_square(x, y), x) {
        (true, _) => 60,
        (false, 20) => 255,
        _ => 0,
    });
    remarks(&shades, "0.png").0.unwrap_err();
}

#[test]
fn masks_that_look_inverted_for_the_most_part_are_an_error() {
    let some = |count: usize| vec![PathBuf::from("first_mask.png"); count];
    assert!(require_upright(&some(2), 4).is_ok());
    let message = require_upright(&some(3), 4).unwrap_err().to_string();
    assert!(
        message.contains("3 of 4") && message.contains("first_mask.png"),
        "{message}"
    );
}

/// A recipe that resizes to 32 px and keeps 16: of a picture of 32 px the middle half.
#[test]
fn what_lies_outside_the_crop_is_counted() {
    let mut hidden = OutsideCrop::default();
    let draw = |squares: &[(u32, u32, u32)]| {
        let at = |place: u32| (place % 32, place / 32);
        let set = |(x, y): (u32, u32)| {
            squares.iter().any(|&(left, top, side)| {
                (left..left + side).contains(&x) && (top..top + side).contains(&y)
            })
        };
        Mask::new(32, 32, (0..1024).map(|place| set(at(place))).collect()).unwrap()
    };
    hidden.add(&draw(&[(10, 10, 4)]), &recipe()).unwrap();
    hidden
        .add(&draw(&[(0, 0, 2), (6, 10, 4)]), &recipe())
        .unwrap();
    hidden
        .add(&draw(&[(0, 0, 2), (30, 8, 2)]), &recipe())
        .unwrap();
    hidden.add(&draw(&[]), &recipe()).unwrap();
    let expected = OutsideCrop {
        defective_pixels: 16 + 4 + 16 + 4 + 4,
        defective_pixels_outside: 4 + 8 + 4 + 4,
        regions: 5,
        regions_outside: 3,
        regions_partly_outside: 1,
        pictures: 3,
        pictures_outside: 1,
        pictures_partly_outside: 1,
    };
    assert_eq!(hidden, expected);
}

#[test]
fn test_pictures_are_checked_with_their_masks_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let square = gray(|x, y| if in_square(x, y) { 255 } else { 0 });
    for name in ["0.png", "1.png", "2.png", "0_mask.png"] {
        square.save(at(name)).unwrap();
    }
    std::fs::write(at("1_mask.png"), "no picture").unwrap();
    image::GrayImage::new(32, 40)
        .save(at("2_mask.png"))
        .unwrap();
    std::fs::write(at("3.png"), "no picture").unwrap();
    let test = |number: u8| TestPicture {
        path: at(&format!("{number}.png")),
        defect: "dent".to_owned(),
        mask: Some(at(&format!("{number}_mask.png"))),
    };
    let pictures = [0, 1, 2, 3].map(test);
    let error = check(
        &pictures,
        &recipe(),
        Limits::default(),
        false,
        &Cancellation::new(),
    )
    .unwrap_err();
    let message = error.to_string();
    for name in ["(3)", "1_mask.png", "2_mask.png", "3.png"] {
        assert!(message.contains(name), "{name}: {message}");
    }
    assert!(!message.contains("0.png"), "{message}");
    let checked = check(
        &pictures,
        &recipe(),
        Limits::default(),
        true,
        &Cancellation::new(),
    )
    .unwrap();
    assert_eq!(checked.pictures, pictures[..1]);
    assert_eq!(checked.left_out.len(), 3);
    assert!(
        check(
            &pictures[1..],
            &recipe(),
            Limits::default(),
            true,
            &Cancellation::new()
        )
        .is_err()
    );
}
