#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod builder;
mod hostile;
mod reference;

use std::path::Path;

use crate::picture::reference::{FOLDER, file};
use crate::picture::{Picture, PictureProblem, ReadOptions};

/// Straight to the decoder, so that a panic is not turned into an error.
fn decode(encoded: &[u8]) -> Result<Picture, PictureProblem> {
    super::decode(encoded, &ReadOptions::default())
}

/// The message of an error.
fn refusal(encoded: &[u8]) -> String {
    decode(encoded).unwrap_err().to_string()
}
