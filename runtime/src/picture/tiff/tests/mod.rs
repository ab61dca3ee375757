#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod builder;
mod hostile;
mod reference;

use std::path::Path;

use super::super::{Picture, PictureProblem, ReadOptions, Samples};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/pictures");

/// A file of the folder of these tests.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(FOLDER).join(name)).unwrap()
}

/// Straight to the decoder, so that a panic is not turned into an error.
fn decode(encoded: &[u8]) -> Result<Picture, PictureProblem> {
    super::decode(encoded, &ReadOptions::default())
}

/// What an error says, with what is behind it.
fn refusal(encoded: &[u8]) -> String {
    decode(encoded).unwrap_err().to_string()
}
