//! What Pillow, OpenCV and tifffile show of the files in `tests/pictures/tiff`, recorded by
//! `tests/pictures/tiff_reference.py`.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::builder::TiffFile;
use super::*;
use crate::picture::tiff::{orientation, tag};

#[derive(Deserialize)]
struct Reference {
    shown: BTreeMap<String, Shown>,
    /// Words of the refusal.
    refused: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Shown {
    width: u32,
    height: u32,
    bits: u32,
    /// Of the RGB samples, 16-bit ones with the low byte first.
    sha256: String,
}

fn reference() -> Reference {
    serde_json::from_slice(&file("tiff_reference.json")).unwrap()
}

fn shown(picture: &Picture) -> Shown {
    let bytes = match picture.samples() {
        Samples::Eight(samples) => samples.clone(),
        Samples::Sixteen(samples) => samples.iter().flat_map(|v| v.to_le_bytes()).collect(),
    };
    Shown {
        width: picture.width_px(),
        height: picture.height_px(),
        bits: picture.bits_per_sample(),
        sha256: hex(&Sha256::digest(bytes)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Exact equality, at 8 and at 16 bits.
#[test]
fn every_kind_that_is_read_shows_what_other_readers_show() {
    let reference = reference();
    assert!(reference.shown.len() > 140);
    for (name, expected) in reference.shown {
        let picture = decode(&file(&format!("tiff/{name}")));
        let picture = picture.unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(shown(&picture), expected, "{name}");
    }
}

#[test]
fn every_kind_that_is_not_read_is_refused_by_name() {
    let reference = reference();
    assert!(reference.refused.len() > 30);
    for (name, words) in reference.refused {
        let message = refusal(&file(&format!("tiff/{name}")));
        assert!(message.contains(&words), "{name}: {message}");
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    let says = |name: &str| refusal(&file(&format!("tiff/{name}.tif")));
    assert_eq!(
        says("cmyk"),
        "TIFF files with CMYK colours are not read; save as gray or RGB with 8 or 16 bits a sample"
    );
    assert_eq!(
        says("lzma"),
        "TIFF files with LZMA compression are not read; save with LZW, Deflate or no compression"
    );
}

#[test]
fn big_tiff_is_recognised_by_its_content() {
    let picture = Picture::decode(&file("tiff/gray8_big.tif"), &ReadOptions::default()).unwrap();
    assert_eq!(shown(&picture), reference().shown["gray8_big.tif"]);
}

#[test]
fn the_orientation_is_what_the_tag_says() {
    for value in 1..=8_u8 {
        let turned = TiffFile::gray().with(tag::ORIENTATION, &[value.into()]);
        assert_eq!(orientation(&turned.bytes()), value);
    }
    for odd in [0, 9, 65_536 + 6] {
        let turned = TiffFile::gray().with(tag::ORIENTATION, &[odd]);
        assert_eq!(orientation(&turned.bytes()), 1);
    }
    assert_eq!(orientation(&TiffFile::gray().bytes()), 1);
    assert_eq!(orientation(b"II*\0"), 1);
}
