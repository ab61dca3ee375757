#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop where it stands"
)]

mod assemble;
mod genuine;
mod hostile;
mod hostile_zip;
mod placeholders;
mod properties;

use std::path::{Path, PathBuf};

use super::Weights;

/// Files written by torch 2.11; see `make_fixtures.py` beside them.
const PLAIN: [&str; 4] = [
    "plain_zip.pth",
    "plain_legacy.pth",
    "plain_protocol4.pth",
    "plain_legacy_protocol4.pth",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn fixture(name: &str) -> PathBuf {
    repository().join("tests/trainer/fixtures").join(name)
}

fn fixture_bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// The whole message for bytes that must be refused.
fn refusal(bytes: &[u8]) -> String {
    Weights::from_bytes("hostile.pth", bytes)
        .unwrap_err()
        .to_string()
}
