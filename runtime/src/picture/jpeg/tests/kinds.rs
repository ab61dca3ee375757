//! Kinds of JPEG files that are read, and others that are named.

use super::*;

#[test]
fn every_kind_that_is_read_has_the_pixels_of_pillow() {
    let whole = reference().shown.into_iter();
    let mut whole: Vec<_> = whole
        .filter(|(name, _)| name.starts_with("jpeg/"))
        .collect();
    assert_eq!(whole.len(), 26);
    for (name, expected) in whole.drain(..) {
        let picture = decode(&file(&name)).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert_eq!(shown(&picture), expected, "{name}");
        assert_eq!(picture.damage(), None);
    }
}

#[track_caller]
fn assert_unread(encoded: &[u8], words: &str) {
    for problem in [decode(encoded), accepted(encoded)].map(Result::unwrap_err) {
        let named = matches!(&problem, PictureProblem::UnsupportedJpeg { kind } if kind == words);
        assert!(named, "{problem}");
    }
}

#[test]
fn other_kinds_are_refused_by_their_name() {
    assert_unread(&file("jpeg_unread/lossless.jpg"), "lossless");
    assert_unread(&file("jpeg_unread/arithmetic.jpg"), "arithmetic coding");
    assert_unread(&file("jpeg_unread/twelve_bit.jpg"), "12 bits a sample");
    let mut whole = file("jpeg/drawn_420.jpg");
    let frame = markers(&whole, 0xC0)[0];
    whole[frame + 1] = 0xC5;
    assert_unread(&whole, "hierarchical");
    whole[frame + 1] = 0xC0;
    whole[frame + 5..frame + 7].fill(0);
    assert_unread(&whole, "a height that stands behind the picture");
}

#[test]
fn an_unknown_transform_of_colours_is_refused() {
    let mut file = file("jpeg/drawn_cmyk.jpg");
    let adobe = markers(&file, 0xEE)[0];
    assert_eq!(file[adobe + 4..adobe + 9], *b"Adobe");
    file[adobe + 15] = 1;
    assert_unread(&file, "unknown colour transform 1 of Adobe");
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let mut file = file("jpeg/drawn_420_progressive.jpg");
    let frame = markers(&file, 0xC2)[0];
    file[frame + 5..frame + 9].fill(0xFF);
    assert!(matches!(
        decode(&file),
        Err(PictureProblem::TooLarge {
            width_px: 65_535,
            ..
        })
    ));
}

/// Each scan takes as long as the whole picture.
#[test]
fn thousands_of_scans_are_refused() {
    let file = file("jpeg/drawn_gray_progressive.jpg");
    let scans = markers(&file, 0xDA);
    let last = &file[*scans.last().unwrap()..file.len() - 2];
    let mut many = file[..file.len() - 2].to_vec();
    for _ in 0..2000 {
        many.extend(last);
    }
    many.extend([0xFF, 0xD9]);
    assert_damaged(&many, "more than 128 scans");
}
