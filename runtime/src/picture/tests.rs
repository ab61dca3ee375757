#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;
use std::num::NonZeroU16;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba};

use super::*;

mod checksums;

const FORMATS: [ImageFormat; 5] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Bmp,
    ImageFormat::Tiff,
    ImageFormat::WebP,
];

/// Noise, so that no format can shorten it to nothing.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |_, _| {
        Rgb([(); 3].map(|()| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }))
    })
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn decode(encoded: &[u8]) -> Result<Picture, PictureProblem> {
    Picture::decode(encoded, &ReadOptions::default()).map_err(|error| error.problem)
}

#[test]
fn lossless_formats_give_back_every_sample() {
    let image = noise(32, 24);
    for format in FORMATS
        .into_iter()
        .filter(|&format| format != ImageFormat::Jpeg)
    {
        let picture = decode(&encoded(image.clone(), format)).unwrap();
        assert_eq!(
            (picture.width_px(), picture.height_px()),
            (32, 24),
            "{format:?}"
        );
        assert_eq!(picture.to_rgb8(), image, "{format:?}");
    }
}

#[test]
fn jpeg_keeps_the_order_of_channels() {
    let red = RgbImage::from_pixel(32, 24, Rgb([255, 0, 0]));
    let Rgb([r, g, b]) = *decode(&encoded(red, ImageFormat::Jpeg))
        .unwrap()
        .to_rgb8()
        .get_pixel(9, 9);
    // 8 levels: rounding in the colour transform and the quantised mean.
    assert!(r > 247 && g < 8 && b < 8, "{r} {g} {b}");
}

#[test]
fn gray_is_repeated_and_alpha_dropped_at_both_depths() {
    let rgb = |x: u32, y: u32| [x as u8, y as u8, 7];
    let deep = |x: u32, y: u32| [x as u16 * 257 + 1, y as u16 * 300, 40_000];
    let images: [DynamicImage; 8] = [
        ImageBuffer::from_fn(20, 16, |x, y| Luma([rgb(x, y)[0]])).into(),
        ImageBuffer::from_fn(20, 16, |x, y| LumaA([rgb(x, y)[0], 9])).into(),
        ImageBuffer::from_fn(20, 16, |x, y| Rgb(rgb(x, y))).into(),
        ImageBuffer::from_fn(20, 16, |x, y| Rgba([rgb(x, y)[0], rgb(x, y)[1], 7, 0])).into(),
        ImageBuffer::from_fn(20, 16, |x, y| Luma([deep(x, y)[0]])).into(),
        ImageBuffer::from_fn(20, 16, |x, y| LumaA([deep(x, y)[0], 9])).into(),
        ImageBuffer::from_fn(20, 16, |x, y| Rgb(deep(x, y))).into(),
        ImageBuffer::from_fn(20, 16, |x, y| {
            Rgba([deep(x, y)[0], deep(x, y)[1], 40_000, 0])
        })
        .into(),
    ];
    for image in images {
        let picture = decode(&encoded(image.clone(), ImageFormat::Png)).unwrap();
        let gray = matches!(image.color().channel_count(), 1 | 2);
        let at = (5 + 3 * 20) * 3;
        match picture.pixels() {
            Pixels::Eight(s) if gray => assert_eq!(s.as_raw()[at..at + 3], [rgb(5, 3)[0]; 3]),
            Pixels::Eight(s) => assert_eq!(s.as_raw()[at..at + 3], rgb(5, 3)),
            Pixels::Sixteen(s) if gray => assert_eq!(s.as_raw()[at..at + 3], [deep(5, 3)[0]; 3]),
            Pixels::Sixteen(s) => assert_eq!(s.as_raw()[at..at + 3], deep(5, 3)),
        }
        let bits =
            u32::from(image.color().bits_per_pixel()) / u32::from(image.color().channel_count());
        assert_eq!(picture.bits_per_sample(), bits);
    }
}

#[test]
fn a_picture_is_recognised_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("really_a_png.jpg");
    std::fs::write(&path, encoded(noise(16, 16), ImageFormat::Png)).unwrap();
    assert_eq!(
        Picture::open(&path, &ReadOptions::default())
            .unwrap()
            .to_rgb8(),
        noise(16, 16)
    );
}

#[test]
fn a_file_cut_short_is_refused_or_has_lost_nothing() {
    let image = noise(40, 32);
    for format in FORMATS {
        let file = encoded(image.clone(), format);
        let whole = decode(&file).unwrap();
        let mut refused = 0;
        for length in (0..file.len())
            .step_by(file.len() / 97)
            .chain([file.len() - 1])
        {
            match decode(&file[..length]) {
                Ok(picture) => assert_eq!(picture, whole, "{format:?} cut to {length}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused >= 90, "{format:?}: only {refused} refused");
    }
}

#[test]
fn a_jpeg_without_its_end_is_cut_short_even_with_a_thumbnail() {
    let file = encoded(noise(64, 64), ImageFormat::Jpeg);
    let mut thumbnail = vec![0xFF, 0xD8, 0xFF, 0xE1, 0x00, 0x06, 0xFF, 0xD8, 0xFF, 0xD9];
    thumbnail.extend(&file[2..]);
    assert!(decode(&thumbnail).is_ok());
    let half = &thumbnail[..thumbnail.len() / 2];
    let problem = decode(half).unwrap_err().to_string();
    assert!(
        problem.contains("its file ends before the picture does"),
        "{problem}"
    );
    assert!(matches!(
        decode(&thumbnail[..9]),
        Err(PictureProblem::CutShort)
    ));
}

#[test]
fn bytes_after_the_end_of_a_jpeg_do_no_harm() {
    let mut file = encoded(noise(64, 64), ImageFormat::Jpeg);
    file.extend([0; 9]);
    assert!(decode(&file).is_ok());
}

#[test]
fn what_is_not_a_picture_says_so() {
    assert!(matches!(decode(b""), Err(PictureProblem::Empty)));
    assert!(matches!(
        decode(b"these are only words"),
        Err(PictureProblem::NotAPicture)
    ));
    assert!(matches!(
        decode(b"GIF89a\x10\0\x10\0\0\0\0"),
        Err(PictureProblem::UnsupportedFormat { format }) if format == "Gif"
    ));
}

#[test]
fn a_panic_in_a_decoder_is_an_error_of_its_picture() {
    let panicked = decode(b"CFA: the decoder of this file panics").unwrap_err();
    assert!(
        matches!(&panicked, PictureProblem::DecoderPanicked { message } if message == "injected"),
        "{panicked}"
    );
    assert!(decode(&encoded(noise(16, 16), ImageFormat::Png)).is_ok());
}

#[test]
fn an_error_names_the_file_and_keeps_its_cause() {
    use std::error::Error;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing.png");
    let error = Picture::open(&path, &ReadOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("{}: ", path.display())),
        "{error}"
    );
    assert!(error.source().is_some());
}

#[test]
fn floating_point_samples_are_refused() {
    let image = ImageBuffer::from_pixel(16, 16, Rgb([0.5_f32; 3]));
    assert!(matches!(
        decode(&encoded(image, ImageFormat::Tiff)),
        Err(PictureProblem::UnsupportedSamples { .. })
    ));
}

#[test]
fn a_picture_of_one_pixel_is_too_small() {
    assert!(matches!(
        decode(&encoded(noise(1, 1), ImageFormat::Png)),
        Err(PictureProblem::TooSmall {
            width_px: 1,
            height_px: 1,
            min_side_px: 16
        })
    ));
}

/// A 16×16 PNG whose header claims another size, with a checksum that fits.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = encoded(noise(16, 16), ImageFormat::Png);
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&checksum.to_be_bytes());
    file
}

/// CRC-32 as the PNG specification defines it.
fn crc32(bytes: &[u8]) -> u32 {
    let divided = |crc: u32, _| {
        if crc & 1 == 1 {
            0xEDB8_8320 ^ (crc >> 1)
        } else {
            crc >> 1
        }
    };
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), divided)
    })
}

/// A 16×16 BMP whose header claims another size.
fn bmp_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = encoded(noise(16, 16), ImageFormat::Bmp);
    file[18..22].copy_from_slice(&width.to_le_bytes());
    file[22..26].copy_from_slice(&height.to_le_bytes());
    file
}

/// A picture file whose header claims this width and height.
type Claim = fn(u32, u32) -> Vec<u8>;

#[test]
fn a_header_that_claims_too_much_is_refused_before_the_pixels() {
    let many = [(20_000, 20_000), (10_001, 10_000)];
    // A BMP with a longer side is refused by its decoder already.
    let long = [(65_536, 16), (16, 65_536)];
    let claims: [(Claim, Vec<(u32, u32)>); 2] = [
        (png_claiming, [many, long].concat()),
        (bmp_claiming, many.to_vec()),
    ];
    for (claim, sizes) in claims {
        for (width, height) in sizes {
            let found = decode(&claim(width, height));
            assert!(
                matches!(found, Err(PictureProblem::TooLarge { width_px, height_px, .. })
                    if (width_px, height_px) == (width, height)),
                "{width}×{height}: {found:?}"
            );
        }
        assert!(decode(&claim(16, 16)).is_ok());
    }
}

#[test]
fn a_file_above_the_byte_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bmp");
    let file = encoded(noise(32, 32), ImageFormat::Bmp);
    std::fs::write(&path, &file).unwrap();
    let options = |max_encoded_bytes| ReadOptions {
        limits: Limits {
            max_encoded_bytes: Some(max_encoded_bytes),
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    assert!(Picture::open(&path, &options(file.len() as u64)).is_ok());
    let error = Picture::open(&path, &options(file.len() as u64 - 1)).unwrap_err();
    assert!(
        matches!(error.problem, PictureProblem::FileTooLarge { .. }),
        "{error}"
    );
}

#[test]
fn sixteen_bits_round_to_the_nearest_eight() {
    let nearest = |v: u16| (f64::from(v) * 255.0 / 65535.0).round() as u8;
    assert!((0..=u16::MAX).all(|v| depth::eight_from_sixteen(v, u16::MAX) == nearest(v)));
}

#[test]
fn the_white_level_is_shown_as_255_and_all_above_it_too() {
    for white in [1, 255, 1023, 4095, 16_383] {
        let nearest = |v: u16| (f64::from(v) * 255.0 / f64::from(white)).round() as u8;
        assert!((0..=white).all(|v| depth::eight_from_sixteen(v, white) == nearest(v)));
        assert_eq!(depth::eight_from_sixteen(white + 1, white), 255);
        assert_eq!(depth::eight_from_sixteen(u16::MAX, white), 255);
    }
}

fn used_by(samples: &[u16]) -> SixteenBitUse {
    let data: Vec<u8> = samples.iter().flat_map(|v| v.to_ne_bytes()).collect();
    let view = PixelView {
        format: PixelFormat::Gray16,
        width_px: samples.len() as u32,
        height_px: 1,
        stride_bytes: data.len(),
        data: &data,
    };
    SixteenBitUse::in_picture(&Picture::from_raw(&view).unwrap()).unwrap()
}

#[test]
fn the_white_level_of_few_bits_is_suggested() {
    let suggested = |samples: &[u16]| {
        used_by(samples)
            .suggested_white_level()
            .map(NonZeroU16::get)
    };
    assert_eq!(suggested(&[0, 7, 1023]), Some(1023));
    assert_eq!(suggested(&[0, 7, 1024]), Some(4095));
    assert_eq!(suggested(&[4095, 3]), Some(4095));
    assert_eq!(suggested(&[4096, 3]), Some(16_383));
    assert_eq!(suggested(&[16_384, 3]), None);
    // 12 bits that were shifted up, in a dark picture; and nothing but black.
    assert_eq!(suggested(&[16 * 100, 16 * 7]), None);
    assert_eq!(suggested(&[0, 0]), None);
    let eight = Picture::from_rgb8(1, 1, vec![1, 2, 3]).unwrap();
    assert_eq!(SixteenBitUse::in_picture(&eight), None);
    let both = used_by(&[16 * 100]).and(used_by(&[17]));
    assert_eq!((both.largest, both.bits), (1600, 0b110_0101_0001));
}

#[test]
fn the_default_limits_fit_each_other() {
    let limits = Limits::default();
    // 24 MP of three bytes, 13 MP of RGB16, a line scan of 20,000 px, the longest JPEG side.
    for (width, height, pixel_bytes) in [
        (6000, 4096, 3),
        (4208, 3120, 6),
        (20_000, 4096, 3),
        (65_535, 1024, 1),
        (10_000, 10_000, 8),
    ] {
        let bytes = u64::from(width) * u64::from(height) * pixel_bytes + 4096;
        assert!(limits.check_encoded(bytes).is_ok(), "{width}×{height}");
        assert!(limits.check_size(width, height).is_ok(), "{width}×{height}");
    }
    assert!(limits.encoded_bytes() > limits.max_pixels * 8);
}

#[test]
fn the_largest_file_follows_the_most_pixels_unless_it_is_chosen() {
    let limits = |max_pixels, max_encoded_bytes| Limits {
        max_encoded_bytes,
        max_pixels,
        ..Limits::default()
    };
    assert_eq!(limits(1000, None).encoded_bytes(), 8000 + (1 << 20));
    assert_eq!(limits(1000, Some(7)).encoded_bytes(), 7);
    assert_eq!(limits(u64::MAX, None).encoded_bytes(), u64::MAX);
}

#[test]
fn a_problem_tells_which_limit_was_exceeded() {
    let problem = |width, height| Limits::default().check_size(width, height).unwrap_err();
    assert_eq!(problem(65_536, 16).exceeded(), Some(Limit::Side));
    assert_eq!(problem(10_001, 10_000).exceeded(), Some(Limit::Pixels));
    assert_eq!(problem(15, 16).exceeded(), None);
    let bytes = Limits::default().encoded_bytes() + 1;
    let problem = Limits::default().check_encoded(bytes).unwrap_err();
    assert_eq!(problem.exceeded(), Some(Limit::EncodedBytes));
}

/// Two rows of two pixels, each row followed by two bytes of padding.
fn padded(row: &[u8]) -> (usize, Vec<u8>) {
    let rows = [row, &[99, 99], row].concat();
    (row.len() + 2, rows)
}

fn from_raw(format: PixelFormat, row: &[u8]) -> Picture {
    let (stride_bytes, data) = padded(row);
    let view = PixelView {
        format,
        width_px: 2,
        height_px: 2,
        stride_bytes,
        data: &data,
    };
    Picture::from_raw(&view).unwrap()
}

#[test]
fn raw_pixels_of_every_format_become_rgb() {
    let rows = |row: [u8; 6]| Picture::from_rgb8(2, 2, [row, row].concat()).unwrap();
    let colours = rows([1, 2, 3, 4, 5, 6]);
    assert_eq!(from_raw(PixelFormat::Rgb8, &[1, 2, 3, 4, 5, 6]), colours);
    assert_eq!(from_raw(PixelFormat::Bgr8, &[3, 2, 1, 6, 5, 4]), colours);
    assert_eq!(
        from_raw(PixelFormat::Rgba8, &[1, 2, 3, 0, 4, 5, 6, 0]),
        colours
    );
    assert_eq!(
        from_raw(PixelFormat::Bgra8, &[3, 2, 1, 0, 6, 5, 4, 0]),
        colours
    );
    assert_eq!(
        from_raw(PixelFormat::Gray8, &[1, 2]),
        rows([1, 1, 1, 2, 2, 2])
    );
    let deep = [300_u16.to_ne_bytes(), 400_u16.to_ne_bytes()].concat();
    assert_eq!(
        from_raw(PixelFormat::Gray16, &deep),
        Picture::new(
            2,
            2,
            Samples::Sixteen([[300, 300, 300, 400, 400, 400]; 2].concat())
        )
        .unwrap()
    );
}

#[test]
fn raw_pixels_that_do_not_fit_their_buffer_are_refused() {
    let data = [0_u8; 16];
    let refused = |width_px, height_px, stride_bytes| {
        let view = PixelView {
            format: PixelFormat::Rgb8,
            width_px,
            height_px,
            stride_bytes,
            data: &data,
        };
        Picture::from_raw(&view).unwrap_err().problem
    };
    assert!(matches!(
        refused(3, 1, 8),
        PictureProblem::Stride {
            stride_bytes: 8,
            row_bytes: 9
        }
    ));
    assert!(matches!(
        refused(2, 3, 6),
        PictureProblem::BufferTooShort {
            needed_bytes: 18,
            ..
        }
    ));
    assert!(matches!(
        refused(0, 1, 6),
        PictureProblem::SampleCount { .. }
    ));
    assert!(matches!(
        refused(1, 0, 6),
        PictureProblem::SampleCount { .. }
    ));
    let all = u32::MAX;
    assert!(matches!(
        refused(1, all, i32::MAX as usize),
        PictureProblem::BufferTooShort { .. }
    ));
}

#[test]
fn rgb_samples_must_match_their_size() {
    assert!(Picture::from_rgb8(2, 1, vec![0; 6]).is_ok());
    assert!(Picture::from_rgb8(2, 1, vec![0; 5]).is_err());
    assert!(Picture::from_rgb8(0, 0, Vec::new()).is_err());
}
