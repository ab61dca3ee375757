//! Pictures as they come.

use image::{DynamicImage, ImageBuffer, Luma, Rgba};

use crate::workshop::{SIDE, Workshop, events, stripes};

#[test]
fn every_kind_of_file_is_trained_on() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    let plain = |seed| DynamicImage::from(stripes(seed, SIDE, SIDE));
    for (seed, ending) in ["bmp", "tiff", "webp", "jpg"].into_iter().enumerate() {
        workshop.save(&format!("data/{seed}.{ending}"), &plain(seed as u32));
    }
    let deep = ImageBuffer::from_fn(SIDE, SIDE, |x, y| Luma([(x * 700 + y * 9) as u16]));
    workshop.save("data/deep.png", &deep.into());
    let rgba = ImageBuffer::from_fn(SIDE, SIDE, |x, y| Rgba([(x * 3) as u8, 90, 9, y as u8]));
    workshop.save("data/rgba.png", &rgba.into());
    workshop.save("data/other_size.png", &stripes(3, 200, 47).into());
    let lines = workshop.fit(&[]).fine();
    assert_eq!(lines.last().unwrap()["pictures"], 7);
}

#[test]
fn a_broken_picture_is_named_and_may_be_skipped() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    workshop.write("data/broken.png", b"\x89PNG\r\n\x1a\nno picture");
    workshop.save("data/tiny.png", &stripes(1, 8, 8).into());
    let run = workshop.fit(&[]);
    run.refused(&["broken.png", "tiny.png", "--skip-bad", "(2)"]);
    assert_eq!(
        events(&run.lines(), "features").len(),
        0,
        "the long work had begun"
    );

    let lines = workshop.fit(&[("--skip-bad", "")]).fine();
    assert_eq!(lines.last().unwrap()["pictures"], 6);
    let reasons: Vec<_> = events(&lines, "skipped")
        .iter()
        .map(|e| e["reason"].to_string())
        .collect();
    assert_eq!(reasons.len(), 2);
    assert!(
        reasons[0].contains("broken.png") && reasons[1].contains("tiny.png"),
        "{reasons:?}"
    );
}

#[test]
fn skipping_every_picture_is_an_error() {
    let Some(workshop) = Workshop::empty() else {
        return;
    };
    workshop.write("data/broken.png", b"no picture");
    let run = workshop.fit(&[("--skip-bad", "")]);
    run.refused(&["broken.png", "not one of the pictures can be used"]);
}

/// The shorter side of 16 px becomes 64, the longer one of 1040 px 4160, beyond the limit.
#[test]
fn a_picture_too_long_to_be_prepared_is_named_and_may_be_skipped() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    workshop.save("data/long.png", &stripes(1, 1040, 16).into());
    let shorter_side = [
        ("--aspect", "shorter-side"),
        ("--center-crop", "64"),
        ("--epochs", "0"),
    ];
    let run = workshop.fit(&shorter_side);
    run.refused(&["long.png", "64×4160", "--skip-bad", "(1)"]);
    assert_eq!(
        events(&run.lines(), "features").len(),
        0,
        "the long work had begun"
    );
    let skipping = [&shorter_side[..], &[("--skip-bad", "")]].concat();
    let lines = workshop.fit(&skipping).fine();
    assert_eq!(events(&lines, "skipped").len(), 1);
}
