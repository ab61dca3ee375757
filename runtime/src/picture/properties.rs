//! What must hold for any picture file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, ImageFormat};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{
    Limits, Orientation, Picture, PictureProblem, PixelFormat, PixelView, Pixels, ReadOptions,
    Samples,
};

/// The cases are the same in each run.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

fn tiny() -> ReadOptions {
    ReadOptions {
        limits: Limits {
            min_side_px: 1,
            ..Limits::default()
        },
        ..ReadOptions::default()
    }
}

/// An image of 1 to 4 channels, at 8 or 16 bits, and its RGB samples at 16 bits.
fn any_image() -> impl Strategy<Value = (DynamicImage, Vec<u16>)> {
    (1_u32..24, 1_u32..24, 1_usize..=4, any::<bool>()).prop_flat_map(|(w, h, channels, deep)| {
        vec(any::<u16>(), w as usize * h as usize * channels)
            .prop_map(move |samples| image_of(w, h, channels, deep, samples))
    })
}

fn image_of(
    w: u32,
    h: u32,
    channels: usize,
    deep: bool,
    mut samples: Vec<u16>,
) -> (DynamicImage, Vec<u16>) {
    if !deep {
        for sample in &mut samples {
            *sample >>= 8;
        }
    }
    let shallow = || samples.iter().map(|&sample| sample as u8).collect();
    let image = match (channels, deep) {
        (1, false) => DynamicImage::ImageLuma8(ImageBuffer::from_raw(w, h, shallow()).unwrap()),
        (2, false) => DynamicImage::ImageLumaA8(ImageBuffer::from_raw(w, h, shallow()).unwrap()),
        (3, false) => DynamicImage::ImageRgb8(ImageBuffer::from_raw(w, h, shallow()).unwrap()),
        (_, false) => DynamicImage::ImageRgba8(ImageBuffer::from_raw(w, h, shallow()).unwrap()),
        (1, true) => {
            DynamicImage::ImageLuma16(ImageBuffer::from_raw(w, h, samples.clone()).unwrap())
        }
        (2, true) => {
            DynamicImage::ImageLumaA16(ImageBuffer::from_raw(w, h, samples.clone()).unwrap())
        }
        (3, true) => {
            DynamicImage::ImageRgb16(ImageBuffer::from_raw(w, h, samples.clone()).unwrap())
        }
        (_, true) => {
            DynamicImage::ImageRgba16(ImageBuffer::from_raw(w, h, samples.clone()).unwrap())
        }
    };
    let rgb = samples.chunks(channels).flat_map(|pixel| match *pixel {
        [red, green, blue, ..] => [red, green, blue],
        [gray, ..] => [gray; 3],
        [] => unreachable!("an image has channels"),
    });
    let rgb = rgb.collect();
    (image, rgb)
}

/// Whether the encoder of a format takes an image of this depth and these channels.
fn is_written(format: ImageFormat, image: &DynamicImage) -> bool {
    let is_gray_with_alpha = image.color().has_alpha() && !image.color().has_color();
    match format {
        ImageFormat::Tiff => !is_gray_with_alpha,
        ImageFormat::Bmp | ImageFormat::WebP => is_shallow(image),
        _ => true,
    }
}

fn is_shallow(image: &DynamicImage) -> bool {
    image.color().bytes_per_pixel() == image.color().channel_count()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn samples(picture: &Picture) -> Vec<u16> {
    match picture.pixels() {
        Pixels::Eight(image) => image.iter().map(|&sample| sample.into()).collect(),
        Pixels::Sixteen(image) => image.to_vec(),
    }
}

fn read(file: &[u8]) -> Result<Picture, PictureProblem> {
    Picture::decode(file, &tiny()).map_err(|error| error.problem)
}

/// A refusal that only a bug brings.
fn is_bug(problem: &PictureProblem) -> bool {
    use PictureProblem::{DecoderPanicked, Internal, SampleCount};
    matches!(
        problem,
        DecoderPanicked { .. } | Internal(_) | SampleCount { .. }
    )
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn lossless_formats_give_the_samples_back((image, rgb) in any_image()) {
        for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Bmp, ImageFormat::WebP] {
            if !is_written(format, &image) {
                continue;
            }
            let picture = read(&encoded(&image, format)).unwrap();
            prop_assert_eq!((picture.width_px(), picture.height_px()), (image.width(), image.height()));
            prop_assert_eq!(picture.bits_per_sample(), if is_shallow(&image) { 8 } else { 16 });
            prop_assert_eq!(samples(&picture), &rgb[..], "{:?}", format);
        }
    }

    /// Data may be missing behind the last pixel, but never a pixel.
    #[test]
    fn a_file_that_is_cut_short_is_refused_or_shows_the_whole_picture(
        (image, _) in any_image(),
        share in 0.0..1.0_f64,
    ) {
        use ImageFormat::{Bmp, Jpeg, Png, Tiff, WebP};
        let image = DynamicImage::ImageRgb8(image.to_rgb8());
        for format in [Png, Tiff, Bmp, WebP, Jpeg] {
            let file = encoded(&image, format);
            let whole = read(&file).unwrap();
            match read(&file[..(file.len() as f64 * share) as usize]) {
                Ok(picture) => prop_assert_eq!(picture, whole, "{:?} cut at {}", format, share),
                Err(problem) => prop_assert!(!is_bug(&problem), "{:?}: {}", format, problem),
            }
        }
    }

    /// PNG has a checksum over each chunk. The bits that none covers are those of lengths.
    #[test]
    fn a_png_with_a_wrong_bit_is_refused_or_shows_the_same_picture(
        (image, _) in any_image(),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let mut file = encoded(&image, ImageFormat::Png);
        let whole = read(&file).unwrap();
        let place = place.index(file.len());
        file[place] ^= 1_u8 << bit;
        match read(&file) {
            Ok(picture) => prop_assert_eq!(picture, whole, "byte {} of {}", place, file.len()),
            Err(problem) => prop_assert!(!is_bug(&problem), "{}", problem),
        }
    }

    /// Damage of a file is never taken for a bug of this program, and its decoders do not panic.
    #[test]
    fn a_file_with_wrong_bytes_breaks_no_promise(
        (image, _) in any_image(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        use ImageFormat::{Bmp, Jpeg, Tiff, WebP};
        let image = DynamicImage::ImageRgb8(image.to_rgb8());
        for format in [Tiff, Bmp, WebP, Jpeg] {
            let mut file = encoded(&image, format);
            let header = file.len().min(200);
            for (place, byte) in &wrong {
                file[place.index(header)] = *byte;
            }
            if let Err(problem) = read(&file) {
                prop_assert!(!is_bug(&problem), "{:?}: {}", format, problem);
            }
        }
    }

    #[test]
    fn pixels_in_memory_are_those_that_the_caller_addresses(
        (width, height) in (1_u32..9, 1_u32..9),
        padding in 0_usize..5,
        bytes in vec(any::<u8>(), 9 * (9 * 4 + 5)),
    ) {
        use PixelFormat::{Bgr8, Bgra8, Gray8, Gray16, Rgb8, Rgba8};
        for format in [Gray8, Gray16, Rgb8, Bgr8, Rgba8, Bgra8] {
            let pixel_bytes = format.bytes_per_pixel();
            let row_bytes = width as usize * pixel_bytes;
            let stride_bytes = row_bytes + padding;
            // The last row has no padding.
            let needed = stride_bytes * (height as usize - 1) + row_bytes;
            let view = PixelView { format, width_px: width, height_px: height, stride_bytes, data: &bytes[..needed] };
            let found = samples(&Picture::from_raw(&view).unwrap());
            let mut expected = Vec::new();
            for (row, column) in (0..height as usize).flat_map(|y| (0..width as usize).map(move |x| (y, x))) {
                let at = row * stride_bytes + column * pixel_bytes;
                let value = |offset: usize| u16::from(bytes[at + offset]);
                expected.extend(match format {
                    Gray8 => [value(0); 3],
                    Gray16 => [u16::from_ne_bytes([bytes[at], bytes[at + 1]]); 3],
                    Rgb8 | Rgba8 => [value(0), value(1), value(2)],
                    Bgr8 | Bgra8 => [value(2), value(1), value(0)],
                });
            }
            prop_assert_eq!(found, expected, "{:?}", format);
            let short = PixelView { data: &bytes[..needed - 1], ..view };
            prop_assert!(Picture::from_raw(&short).is_err());
        }
    }

    /// Where each pixel goes is written down as in the standard of EXIF: which side of the
    /// stored picture is shown on the left, and which at the top.
    #[test]
    fn a_turn_moves_each_pixel_to_its_place(
        (width, height) in (1_u32..7, 1_u32..7),
        deep in any::<bool>(),
    ) {
        let number = |x: u32, y: u32| (y * width + x) as u16;
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let numbers: Vec<u16> = pixels.flat_map(|(x, y)| [number(x, y); 3]).collect();
        let samples_in = || if deep {
            Samples::Sixteen(numbers.clone())
        } else {
            Samples::Eight(numbers.iter().map(|&value| value as u8).collect())
        };
        let (right, bottom) = (width - 1, height - 1);
        for code in 1..=8_u8 {
            let stored = Picture::new(width, height, samples_in()).unwrap();
            let turned = stored.turned(Orientation::from_exif(code).unwrap()).unwrap();
            let sides = if code < 5 { (width, height) } else { (height, width) };
            prop_assert_eq!((turned.width_px(), turned.height_px()), sides);
            prop_assert_eq!(turned.bits_per_sample() == 16, deep);
            let shown = samples(&turned);
            for (y, x) in (0..sides.1).flat_map(|y| (0..sides.0).map(move |x| (y, x))) {
                let (from_x, from_y) = match code {
                    1 => (x, y),
                    2 => (right - x, y),
                    3 => (right - x, bottom - y),
                    4 => (x, bottom - y),
                    5 => (y, x),
                    6 => (y, bottom - x),
                    7 => (right - y, bottom - x),
                    _ => (right - y, x),
                };
                let found = shown[3 * (y * sides.0 + x) as usize];
                prop_assert_eq!(found, number(from_x, from_y), "orientation {}", code);
            }
        }
    }

    /// Rounded to the nearest in whole numbers, as `255 · sample / white + 1/2` rounded down.
    #[test]
    fn sixteen_bits_become_eight_by_rounding(sample in any::<u16>(), white in 1_u16..) {
        let picture = Picture::new(1, 1, Samples::Sixteen(vec![sample; 3])).unwrap();
        let exact = 255.0 * f64::from(sample.min(white)) / f64::from(white);
        let level = f64::from(picture.to_rgb8_below(white)[(0, 0)].0[0]);
        prop_assert!((level - exact).abs() <= 0.5 + 1e-9, "{} of {}: {}", sample, white, level);
    }
}
