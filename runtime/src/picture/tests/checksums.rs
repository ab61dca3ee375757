//! Damage that PNG and BMP files can tell of.

use super::*;

/// The chunk over the pixels of a small PNG: where its type stands, and where its checksum.
fn pixels_chunk(file: &[u8]) -> (usize, usize) {
    let kind = file.windows(4).position(|name| name == b"IDAT").unwrap();
    let length = u32::from_be_bytes(*file[kind - 4..].first_chunk().unwrap());
    (kind, kind + 4 + length as usize)
}

#[track_caller]
fn assert_damaged(file: &[u8]) {
    let found = decode(file);
    assert!(
        matches!(found, Err(PictureProblem::Damaged(_))),
        "{found:?}"
    );
}

#[test]
fn a_png_with_a_wrong_checksum_is_damaged() {
    let whole = encoded(noise(24, 20), ImageFormat::Png);
    assert!(decode(&whole).is_ok());
    let (kind, checksum) = pixels_chunk(&whole);
    for at in [kind + 30, checksum] {
        let mut file = whole.clone();
        file[at] ^= 1;
        assert_damaged(&file);
    }
}

/// As a program does that damages pixels before it writes the file.
#[test]
fn a_png_whose_pixels_do_not_fit_their_own_checksum_is_damaged() {
    let mut file = encoded(noise(24, 20), ImageFormat::Png);
    let (kind, checksum) = pixels_chunk(&file);
    file[checksum - 1] ^= 1;
    let fitting = crc32(&file[kind..checksum]);
    file[checksum..checksum + 4].copy_from_slice(&fitting.to_be_bytes());
    assert_damaged(&file);
}

/// A gray 16×16 BMP of 8-bit runs; as many rows are there as the data hold.
fn run_length_bmp(runs: &[u8]) -> Vec<u8> {
    let start = 54 + 256 * 4;
    let fields = [(start + runs.len()) as u32, 0, start as u32, 40, 16, 16];
    let mut file = b"BM".to_vec();
    file.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    let fields = [1 | 8 << 16, 1, runs.len() as u32, 0, 0, 256, 0];
    file.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    file.extend((0..=255).flat_map(|shade| [shade, shade, shade, 0]));
    file.extend(runs);
    file
}

#[test]
fn a_run_length_bmp_that_leaves_pixels_out_is_damaged() {
    let (row, end) = ([16, 200, 0, 0], [0, 1]);
    let whole = [&row.repeat(16)[..], &end].concat();
    let gray = RgbImage::from_pixel(16, 16, Rgb([200; 3]));
    assert_eq!(decode(&run_length_bmp(&whole)).unwrap().to_rgb8(), gray);
    let lost = run_length_bmp(&[&row.repeat(9)[..], &end].concat());
    let found = decode(&lost);
    assert!(
        matches!(&found, Err(PictureProblem::DamageFound { found }) if found.contains("run-length")),
        "{found:?}"
    );
    let options = ReadOptions {
        damage: DamageRule::Accept,
        ..ReadOptions::default()
    };
    let accepted = Picture::decode(&lost, &options).unwrap();
    assert!(accepted.damage().unwrap().contains("run-length"));
}
