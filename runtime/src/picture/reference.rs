//! The pixels of small picture files in other programs, recorded by the scripts in
//! `tests/pictures`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Picture, PictureProblem, Pixels, ReadOptions};

pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/pictures");

/// The files of one folder: `<folder>_reference.json`.
#[derive(Deserialize)]
pub(super) struct Reference {
    pub(super) shown: BTreeMap<String, Shown>,
    /// Words of the refusal.
    pub(super) refused: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Shown {
    width: u32,
    height: u32,
    bits: u32,
    /// SHA-256 of the RGB samples, 16-bit ones with the low byte first.
    sha256: String,
}

pub(super) fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(FOLDER).join(name)).unwrap()
}

pub(super) fn reference(folder: &str) -> Reference {
    serde_json::from_slice(&file(&format!("{folder}_reference.json"))).unwrap()
}

pub(super) fn shown(picture: &Picture) -> Shown {
    let bytes = match picture.pixels() {
        Pixels::Eight(samples) => samples.to_vec(),
        Pixels::Sixteen(samples) => samples.iter().flat_map(|v| v.to_le_bytes()).collect(),
    };
    let digest = Sha256::digest(bytes);
    Shown {
        width: picture.width_px(),
        height: picture.height_px(),
        bits: picture.bits_per_sample(),
        sha256: hex(&digest),
    }
}

fn hex(bytes: &[u8]) -> String {
    let append = |text: String, byte: &u8| text + &format!("{byte:02x}");
    bytes.iter().fold(String::new(), append)
}

/// Checks that all readable files show exactly the recorded pixels, at 8 and at 16 bits.
/// Returns their number.
pub(super) fn check_shown(folder: &str) -> usize {
    let shown_elsewhere = reference(folder).shown;
    for (name, expected) in &shown_elsewhere {
        let picture = decode(&file(&format!("{folder}/{name}")));
        let picture = picture.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(shown(&picture), *expected, "{name}");
    }
    shown_elsewhere.len()
}

/// Checks that all other files are refused with the recorded words. Returns their number.
pub(super) fn check_refused(folder: &str) -> usize {
    let refused = reference(folder).refused;
    for (name, words) in &refused {
        let problem = decode(&file(&format!("{folder}/{name}"))).unwrap_err();
        assert!(problem.to_string().contains(words), "{name}: {problem}");
    }
    refused.len()
}

fn decode(encoded: &[u8]) -> Result<Picture, PictureProblem> {
    Picture::decode(encoded, &ReadOptions::default()).map_err(|error| error.problem)
}

#[test]
fn png_bmp_and_webp_files_show_what_other_readers_show() {
    assert!(check_shown("siblings") > 70);
}

#[test]
fn png_bmp_and_webp_files_that_are_not_read_are_refused_by_name() {
    assert!(check_refused("siblings") > 5);
}
