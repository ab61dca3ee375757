//! Oddities that do no harm to pixels.

use super::*;

/// A file with a segment put behind its start.
fn with_segment(code: u8, contents: &[u8]) -> Vec<u8> {
    let file = file("jpeg/drawn_420.jpg");
    let length = (contents.len() as u16 + 2).to_be_bytes();
    [&file[..2], &[0xFF, code], &length, contents, &file[2..]].concat()
}

#[track_caller]
fn assert_unharmed(changed: &[u8]) {
    let whole = decode(&file("jpeg/drawn_420.jpg")).unwrap();
    assert_eq!(decode(changed).unwrap(), whole);
}

#[test]
fn bytes_after_the_end_are_not_looked_at() {
    let mut file = file("jpeg/drawn_420.jpg");
    file.extend(b"\xFF\xD8\xFF\xDBtrailer of a camera");
    assert_unharmed(&file);
}

#[test]
fn a_missing_end_marker_alone_loses_nothing() {
    let file = file("jpeg/drawn_420.jpg");
    assert_unharmed(&file[..file.len() - 2]);
}

#[test]
fn an_unknown_version_of_jfif_changes_nothing() {
    let mut file = file("jpeg/drawn_420.jpg");
    let jfif = markers(&file, 0xE0)[0];
    file[jfif + 9..jfif + 11].copy_from_slice(&[9, 99]);
    assert_unharmed(&file);
}

#[test]
fn a_colour_profile_that_makes_no_sense_changes_nothing() {
    assert_unharmed(&with_segment(0xE2, b"ICC_PROFILE\0\x03\x02 no profile"));
}

#[test]
fn comments_and_thumbnails_change_nothing() {
    assert_unharmed(&with_segment(0xFE, b"\xFF\xD9\xFF\xD8\xFF\xDA"));
    assert_unharmed(&with_segment(0xE1, &file("jpeg/drawn_gray.jpg")));
}

#[test]
fn fill_bytes_before_a_marker_are_allowed() {
    let file = file("jpeg/drawn_420.jpg");
    let tables = markers(&file, 0xDB)[0];
    let filled = [&file[..tables], &[0xFF; 5], &file[tables..]].concat();
    assert_unharmed(&filled);
}

/// Some cameras write it so. Baseline files always hold the whole spectrum.
#[test]
fn a_baseline_scan_may_claim_any_part_of_the_spectrum() {
    let mut file = file("jpeg/drawn_420.jpg");
    let scan = markers(&file, 0xDA)[0];
    assert_eq!(file[scan + 11..scan + 14], [0, 63, 0]);
    file[scan + 11..scan + 14].copy_from_slice(&[0, 0, 0]);
    assert_unharmed(&file);
}
