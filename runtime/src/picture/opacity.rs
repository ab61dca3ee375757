//! Opacity of a picture file, which a [`Picture`](super::Picture) leaves out.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::{OrientationRule, PictureProblem, ReadOptions, general, orientation, panics};

/// Whether the format changes values when a picture is saved.
pub(super) fn is_lossy(encoded: &[u8]) -> bool {
    matches!(image::guess_format(encoded), Ok(ImageFormat::Jpeg))
}

/// For each pixel, whether its opacity is at least half. `None` for a file without opacity, and
/// where all pixels agree. The pixels are turned as those of the picture are.
pub(super) fn opaque_pixels(
    encoded: &[u8],
    options: &ReadOptions,
) -> Result<Option<Vec<bool>>, PictureProblem> {
    panics::caught(|| decoded_opacity(encoded, options))
}

fn decoded_opacity(
    encoded: &[u8],
    options: &ReadOptions,
) -> Result<Option<Vec<bool>>, PictureProblem> {
    use ImageFormat::{Png, Tiff, WebP};
    let Ok(format @ (Png | WebP | Tiff)) = image::guess_format(encoded) else {
        return Ok(None);
    };
    let mut reader = ImageReader::with_format(Cursor::new(encoded), format);
    reader.limits(general::decoder_limits(&options.limits));
    // A variant that this decoder does not read counts as one without opacity.
    let Ok(decoder) = reader.into_decoder() else {
        return Ok(None);
    };
    if !decoder.color_type().has_alpha() {
        return Ok(None);
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(PictureProblem::Damaged)?;
    if options.orientation == OrientationRule::Exif {
        image.apply_orientation(orientation::recorded(encoded, format));
    }
    let opaque: Vec<bool> = match image {
        DynamicImage::ImageLumaA8(i) => i.pixels().map(|p| p.0[1] >= 128).collect(),
        DynamicImage::ImageRgba8(i) => i.pixels().map(|p| p.0[3] >= 128).collect(),
        DynamicImage::ImageLumaA16(i) => i.pixels().map(|p| p.0[1] >= 32_768).collect(),
        DynamicImage::ImageRgba16(i) => i.pixels().map(|p| p.0[3] >= 32_768).collect(),
        _ => return Ok(None), // floating point, which `decode` has refused
    };
    let varies = opaque.contains(&true) && opaque.contains(&false);
    Ok(varies.then_some(opaque))
}
