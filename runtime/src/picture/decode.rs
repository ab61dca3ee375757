//! From the bytes of a picture file to samples.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use image::ImageFormat;

use super::{Limits, Picture, PictureError, PictureProblem, ReadOptions};
use super::{OrientationRule, bmp, general, jpeg, orientation, panics, png, tiff};

/// The bytes of a file, no more than the limit even if it grows meanwhile.
pub(super) fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, PictureProblem> {
    let file = File::open(path).map_err(PictureProblem::Read)?;
    let mut encoded = Vec::new();
    file.take(limits.encoded_bytes().saturating_add(1))
        .read_to_end(&mut encoded)
        .map_err(PictureProblem::Read)?;
    Ok(encoded)
}

/// Recognises the format by the first bytes, decodes the stored pixels, and turns them.
pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    options.limits.check_encoded(encoded.len() as u64)?;
    if super::is_saved_result(encoded) {
        return Err(PictureProblem::SavedResult);
    }
    panics::caught(|| dispatch(encoded, options))
}

fn dispatch(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    use ImageFormat::{Bmp, Jpeg, Png, Tiff, WebP};
    #[cfg(any(test, feature = "fault-injection"))]
    panics::on_demand(encoded);
    let format = format(encoded)?;
    let stored = match format {
        Tiff => tiff::decode(encoded, options),
        Jpeg => jpeg::decode(encoded, options),
        Png => png::decode(encoded, options),
        Bmp => bmp::decode(encoded, options),
        WebP => general::decode(encoded, WebP, options),
        other => Err(PictureProblem::UnsupportedFormat {
            format: format!("{other:?}"),
        }),
    }?;
    match options.orientation {
        OrientationRule::Exif => stored.turned(orientation::recorded(encoded, format)),
        OrientationRule::Stored => Ok(stored),
    }
}

/// The format by the first bytes. The `image` crate does not know `BigTIFF`.
pub(super) fn format(encoded: &[u8]) -> Result<ImageFormat, PictureProblem> {
    if tiff::is_tiff(encoded) {
        return Ok(ImageFormat::Tiff);
    }
    image::guess_format(encoded).map_err(|_unknown| PictureProblem::NotAPicture)
}

/// The orientation that a picture file records; `NoTransforms` where it records none, or
/// none that can be read. Decodes no pixels.
///
/// # Errors
/// The file cannot be read, is larger than the limit, or is no picture file.
pub fn recorded_orientation(
    path: &Path,
    limits: &Limits,
) -> Result<orientation::Orientation, PictureError> {
    let found = || {
        let encoded = read(path, limits)?;
        limits.check_encoded(encoded.len() as u64)?;
        Ok(orientation::recorded(&encoded, format(&encoded)?))
    };
    found().map_err(|problem| PictureError::at(path, problem))
}
