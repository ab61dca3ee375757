//! The pixels of the files in `tests/pictures/tiff` in Pillow, `OpenCV` and tifffile, recorded by
//! `tests/pictures/tiff_reference.py`.

use super::builder::TiffFile;
use super::*;
use crate::picture::reference::{check_refused, check_shown, reference, shown};
use crate::picture::tiff::{orientation, tag};

#[test]
fn every_kind_that_is_read_shows_what_other_readers_show() {
    assert!(check_shown("tiff") > 140);
}

#[test]
fn every_kind_that_is_not_read_is_refused_by_name() {
    assert!(check_refused("tiff") > 30);
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
    assert_eq!(shown(&picture), reference("tiff").shown["gray8_big.tif"]);
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
