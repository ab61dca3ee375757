#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::{DamageRule, Picture, PictureProblem, ReadOptions};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/pictures");

/// A file of the folder of these tests.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(FOLDER).join(name)).unwrap()
}

fn decode(encoded: &[u8]) -> Result<Picture, PictureProblem> {
    Picture::decode(encoded, &ReadOptions::default()).map_err(|error| error.problem)
}

fn accepted(encoded: &[u8]) -> Result<Picture, PictureProblem> {
    let options = ReadOptions {
        damage: DamageRule::Accept,
        ..ReadOptions::default()
    };
    Picture::decode(encoded, &options).map_err(|error| error.problem)
}

#[track_caller]
fn assert_damaged(encoded: &[u8], words: &str) {
    let problem = decode(encoded).unwrap_err();
    assert!(
        matches!(problem, PictureProblem::DamageFound { .. }),
        "{problem}"
    );
    assert!(problem.to_string().contains(words), "{problem}");
}

/// What Pillow shows of a file; see `jpeg_reference.py`.
#[derive(Debug, PartialEq, Deserialize)]
struct Shown {
    width: u32,
    height: u32,
    sha256: String,
}

fn shown(picture: &Picture) -> Shown {
    let digest = Sha256::digest(picture.to_rgb8().as_raw());
    Shown {
        width: picture.width_px(),
        height: picture.height_px(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[test]
fn every_kind_that_is_read_has_the_pixels_of_pillow() {
    let reference = file("jpeg_reference.json");
    let reference: BTreeMap<PathBuf, Shown> = serde_json::from_slice(&reference).unwrap();
    assert!(reference.len() > 25);
    for (name, expected) in reference {
        let encoded = file(&format!("jpeg/{}", name.display()));
        let picture = decode(&encoded).unwrap_or_else(|e| panic!("{}: {e}", name.display()));
        assert_eq!(shown(&picture), expected, "{}", name.display());
        assert_eq!(picture.damage(), None);
    }
}

/// TEMPORARY
#[test]
fn bulk() {
    let Ok(folder) = std::env::var("BULK") else {
        return;
    };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "jpg") {
            let encoded = std::fs::read(&path).unwrap();
            let line = match (decode(&encoded), accepted(&encoded)) {
                (Ok(p), _) => format!(
                    "OK {} {} {} ",
                    p.width_px(),
                    p.height_px(),
                    shown(&p).sha256
                ),
                (Err(e), Ok(p)) => format!(
                    "DAMAGED {} {} {} {e}",
                    p.width_px(),
                    p.height_px(),
                    shown(&p).sha256
                ),
                (Err(e), Err(_)) => format!("REFUSED 0 0 - {e}"),
            };
            std::fs::write(path.with_extension("ours"), line).unwrap();
        }
    }
}
