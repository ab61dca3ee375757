//! Pictures as `data:` addresses inside the page.

use std::{io::Cursor, path::Path};

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use image::{DynamicImage, codecs::jpeg::JpegEncoder, imageops::FilterType};

/// Twice the size on the page, for sharp screens.
const SIDE_PX: u32 = 320;
const JPEG_QUALITY: u8 = 82;

/// A photograph, as JPEG.
pub(super) fn photograph(path: &Path) -> Result<String> {
    let image = open(path)?.to_rgb8();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(&image)?;
    Ok(address("image/jpeg", &bytes))
}

/// A mask, as PNG: JPEG would blur its edges.
pub(super) fn mask(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let mask = open(path)?.to_luma8();
    mask.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)?;
    Ok(address("image/png", &bytes))
}

fn open(path: &Path) -> Result<DynamicImage> {
    let image = image::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let larger = image.width().max(image.height()) > SIDE_PX;
    Ok(if larger {
        image.resize(SIDE_PX, SIDE_PX, FilterType::Triangle)
    } else {
        image
    })
}

fn address(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}
