#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test may stop where it stands; scores are handed through"
)]

use std::path::{Path, PathBuf};

use super::{Evaluation, MapFolder, MapFolderError, PictureScore, Tally, score_range};
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

/// Scores stand in for those of an inspector.
fn evaluation(pictures: Vec<PictureScore>) -> Evaluation {
    let mut tally = Tally::new(&[]).unwrap();
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
    assert!(Tally::new(&[good.clone(), with.clone()]).is_ok());
    assert!(Tally::new(&[good.clone(), without.clone()]).is_ok());
    let Err(DatasetError::MissingMasks { pictures }) = Tally::new(&[good, with, without]) else {
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
        let of = &found.defects[name];
        (of.image_auroc, of.images, of.defective, of.regions)
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
