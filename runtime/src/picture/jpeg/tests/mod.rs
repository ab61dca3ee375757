#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod damage;
mod harmless;
mod kinds;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::{DamageRule, Picture, PictureProblem, ReadOptions};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/pictures");

/// A file of the folder of these tests.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(FOLDER).join(name)).unwrap()
}

/// Recorded results of other programs for these files; see `jpeg_reference.py`.
#[derive(Deserialize)]
struct Reference {
    /// The pixels in Pillow.
    shown: BTreeMap<String, Shown>,
    /// For each file and number of a damage: "1" if libjpeg warns.
    warned: BTreeMap<String, String>,
}

fn reference() -> Reference {
    serde_json::from_slice(&file("jpeg_reference.json")).unwrap()
}

#[derive(Debug, PartialEq, Deserialize)]
struct Shown {
    width: u32,
    height: u32,
    sha256: String,
}

fn shown(picture: &Picture) -> Shown {
    let mut sha256 = String::new();
    for byte in Sha256::digest(picture.to_rgb8().as_raw()) {
        write!(sha256, "{byte:02x}").unwrap();
    }
    Shown {
        width: picture.width_px(),
        height: picture.height_px(),
        sha256,
    }
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

/// Places of the marker segments of this code.
fn markers(file: &[u8], code: u8) -> Vec<usize> {
    let pairs = file.windows(2).enumerate();
    pairs
        .filter(|(_, pair)| *pair == [0xFF, code])
        .map(|(at, _)| at)
        .collect()
}
