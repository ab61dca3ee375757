//! Files that are broken by chance or on purpose: an error each, no panic, no memory taken.

use allocation_counter::measure;

use super::builder::{HEIGHT_PX, TiffFile, WIDTH_PX};
use super::*;
use crate::picture::tiff::tag;

/// Far more than reading the tags takes, far less than the pictures that are claimed.
const MOST_BYTES: u64 = 1 << 20;

fn refused_cheaply(name: &str, file: &TiffFile) -> String {
    let bytes = file.bytes();
    let mut message = String::new();
    let used = measure(|| message = refusal(&bytes));
    assert!(
        used.bytes_max < MOST_BYTES,
        "{name}: {} bytes",
        used.bytes_max
    );
    message
}

#[test]
fn the_picture_without_changes_is_read() {
    let picture = decode(&TiffFile::gray().bytes()).unwrap();
    assert_eq!(
        (picture.width_px(), picture.height_px()),
        (WIDTH_PX, HEIGHT_PX)
    );
}

#[test]
fn sizes_that_cannot_be_are_refused_before_memory_is_taken() {
    let huge = u32::MAX;
    let cases: [(u16, &[u32], &str); 12] = [
        (tag::IMAGE_WIDTH, &[huge], "too large"),
        (tag::IMAGE_LENGTH, &[huge], "too large"),
        (tag::IMAGE_WIDTH, &[0], "no size"),
        (tag::IMAGE_LENGTH, &[0], "no size"),
        (tag::IMAGE_WIDTH, &[15], "too small"),
        (tag::IMAGE_LENGTH, &[16_000], "beyond the end"),
        (tag::BITS_PER_SAMPLE, &[huge], "bits are not read"),
        (tag::BITS_PER_SAMPLE, &[0], "bits are not read"),
        (tag::SAMPLES_PER_PIXEL, &[65_535], "65535 samples"),
        (tag::SAMPLES_PER_PIXEL, &[0], "0 samples"),
        (tag::ROWS_PER_STRIP, &[0], "RowsPerStrip is zero"),
        (tag::ROWS_PER_STRIP, &[1], "1 strips or tiles instead of 16"),
    ];
    for (tag, values, words) in cases {
        let message = refused_cheaply(words, &TiffFile::gray().with(tag, values));
        assert!(message.contains(words), "{tag} {values:?}: {message}");
    }
}

#[test]
fn places_that_cannot_be_are_refused() {
    for place in [300, 1 << 20, u32::MAX] {
        let moved = TiffFile::gray().with(tag::STRIP_OFFSETS, &[place]);
        let message = refused_cheaply("place", &moved);
        assert!(message.contains("beyond the end"), "{place}: {message}");
    }
    let nowhere = TiffFile::gray().without(tag::STRIP_OFFSETS);
    assert!(refusal(&nowhere.bytes()).contains("missing"));
}

#[test]
fn tiles_that_cannot_be_are_refused_before_memory_is_taken() {
    let tiled = |width, height| {
        TiffFile::gray()
            .with(tag::TILE_WIDTH, &[width])
            .with(tag::TILE_LENGTH, &[height])
            .with(tag::TILE_OFFSETS, &[8])
            .with(tag::TILE_BYTE_COUNTS, &[256])
    };
    assert!(decode(&tiled(16, 16).bytes()).is_ok());
    let cases = [
        (0, 16, "no size"),
        (16, 0, "no size"),
        (u32::MAX, u32::MAX, "too large"),
        (16_000, 4_000, "beyond the end"),
        (8, 8, "1 strips or tiles instead of 4"),
    ];
    for (width, height, words) in cases {
        let message = refused_cheaply(words, &tiled(width, height));
        assert!(message.contains(words), "{width}×{height}: {message}");
    }
}

#[test]
fn a_directory_beyond_the_file_is_refused() {
    for header in [
        &b"II*\0"[..],
        b"II*\0\xFF\xFF\xFF\xFF",
        b"MM\0\x2B\0\x08\0\0",
        b"II*\0\0\0\0\0",
    ] {
        let message = refusal(header);
        assert!(message.contains("directory"), "{header:?}: {message}");
    }
    let mut many_entries = TiffFile::gray().bytes();
    many_entries[8 + 256..][..2].fill(0xFF);
    assert!(refusal(&many_entries).contains("directory"));
}

#[test]
fn the_checksum_of_deflate_data_is_checked() {
    let file = file("tiff/gray16_deflate_predictor.tif");
    let whole = decode(&file).unwrap();
    // Its one strip ends with the file.
    for at in file.len() - 300..file.len() {
        for bit in 0..8 {
            let mut broken = file.clone();
            broken[at] ^= 1 << bit;
            if let Ok(picture) = decode(&broken) {
                assert!(picture == whole, "byte {at}, bit {bit}");
            }
        }
    }
}

/// Numbers that look like chance and are the same in each run.
struct Noise(u32);

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % bound
    }
}

/// Flips bits, overwrites bytes, cuts.
fn broken(file: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..=noise.below(4) {
        // Most faults that matter lie in the header and the directory.
        let span = if noise.below(2) == 0 {
            file.len()
        } else {
            file.len().min(400)
        };
        let at = noise.below(span);
        match noise.below(4) {
            0 => file[at] = 0xFF,
            1 => file[at] = 0,
            _ => file[at] ^= 1 << noise.below(8),
        }
    }
    if noise.below(5) == 0 {
        file.truncate(noise.below(file.len()));
    }
    file
}

#[test]
fn no_broken_file_makes_the_decoder_panic() {
    const BROKEN_PER_FILE: usize = 25;
    let mut noise = Noise(1);
    let files = std::fs::read_dir(Path::new(FOLDER).join("tiff")).unwrap();
    let mut names: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut refused = 0;
    for name in &names {
        let whole = std::fs::read(name).unwrap();
        for _ in 0..BROKEN_PER_FILE {
            refused += usize::from(decode(&broken(&whole, &mut noise)).is_err());
        }
    }
    assert!(refused > names.len() * BROKEN_PER_FILE / 4, "{refused}");
}
