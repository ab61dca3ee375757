//! Pictures as `data:` addresses inside the page.

use std::io::Cursor;

use base64::{Engine, engine::general_purpose::STANDARD};
use cfa_runtime::BrokenInvariant;
use cfa_runtime::picture::Mask;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{GrayImage, ImageFormat, ImageResult, Luma, Rgb, RgbImage};

/// Twice the size on the page, for sharp screens.
const SIDE_PX: u32 = 320;
const JPEG_QUALITY: u8 = 82;
/// Seen on every colour of the heat map.
const OUTLINE: Rgb<u8> = Rgb([0, 230, 255]);
const OUTLINE_PX: i64 = 2;

/// The picture, made smaller unless it is small.
pub(super) fn small(picture: &RgbImage) -> RgbImage {
    let (width, height) = fitted(picture.width(), picture.height());
    if (width, height) == picture.dimensions() {
        return picture.clone();
    }
    resize(picture, width, height, FilterType::Triangle)
}

/// A mask in the size of its picture's thumbnail; a pixel with any defect in it is white.
pub(super) fn mask(mask: &Mask) -> Result<GrayImage, BrokenInvariant> {
    let flags = mask.defects().iter().map(|&defect| 255 * u8::from(defect));
    let (width, height) = (mask.width_px(), mask.height_px());
    let whole = GrayImage::from_raw(width, height, flags.collect())
        .ok_or(BrokenInvariant("a mask has a flag for each of its pixels"))?;
    let (small_width, small_height) = fitted(width, height);
    let mut small = resize(&whole, small_width, small_height, FilterType::Triangle);
    small
        .pixels_mut()
        .for_each(|Luma([level])| *level = 255 * u8::from(*level > 0));
    Ok(small)
}

/// Draws a line around the white parts of a mask of the same size.
pub(super) fn outline(picture: &mut RgbImage, mask: &GrayImage) {
    let inside = |x: i64, y: i64| {
        let place = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        place
            .and_then(|(x, y)| mask.get_pixel_checked(x, y))
            .is_some_and(|level| level.0 > [0])
    };
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (x, y) = (i64::from(x), i64::from(y));
        let near = || -OUTLINE_PX..=OUTLINE_PX;
        let touches = || near().any(|down| near().any(|right| inside(x + right, y + down)));
        if !inside(x, y) && touches() {
            *pixel = OUTLINE;
        }
    }
}

/// A photograph as JPEG.
pub(super) fn jpeg(picture: &RgbImage) -> ImageResult<String> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(picture)?;
    Ok(address("image/jpeg", &bytes))
}

/// A mask as PNG: JPEG would blur its edges.
pub(super) fn png(mask: &GrayImage) -> ImageResult<String> {
    let mut bytes = Vec::new();
    mask.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
    Ok(address("image/png", &bytes))
}

/// Width and height scaled so that the longer is at most [`SIDE_PX`].
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longer = width.max(height).max(SIDE_PX);
    let scaled = |side: u32| {
        ((u64::from(side) * u64::from(SIDE_PX)).div_ceil(u64::from(longer)) as u32).max(1)
    };
    (scaled(width), scaled(height))
}

fn address(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}
