//! From a JPEG file without extensions to RGB samples.

use turbojpeg::{Decompressor, Error, Image, PixelFormat};

use super::super::{PictureProblem, general};
use super::colour::rgb_from_inverted_cmyk;
use super::damage;
use super::frame::Frame;

/// Encoders write about ten. A file of some kilobytes could keep the decoder busy for minutes
/// with thousands of scans.
const MOST_SCANS: u32 = 128;

/// RGB samples, `height × width × 3`, and the first warning of libjpeg.
pub(super) fn decode(
    file: &[u8],
    frame: &Frame,
) -> Result<(Vec<u8>, Option<String>), PictureProblem> {
    let format = match frame.component_ids.len() {
        1 => PixelFormat::GRAY,
        4 => PixelFormat::CMYK,
        _ => PixelFormat::RGB,
    };
    let (samples, warning) = samples(file, frame, format).map_err(refused)?;
    let rgb = match format {
        PixelFormat::GRAY => general::repeat_gray(&samples, 1),
        PixelFormat::CMYK => rgb_from_inverted_cmyk(&samples),
        _ => samples,
    };
    Ok((rgb, warning))
}

fn samples(
    file: &[u8],
    frame: &Frame,
    format: PixelFormat,
) -> Result<(Vec<u8>, Option<String>), Error> {
    let mut decoder = Decompressor::new()?;
    decoder.set_scan_limit(MOST_SCANS)?;
    // After a warning in the header no pixels are decoded, so that is an error in any case.
    decoder.read_header(file)?;
    let (width, height) = (frame.width_px as usize, frame.height_px as usize);
    let pitch = width * format.size();
    let mut samples = vec![0; pitch * height];
    let image = Image {
        pixels: &mut samples[..],
        width,
        pitch,
        height,
        format,
    };
    match decoder.decompress(file, image) {
        Ok(()) => Ok((samples, None)),
        Err(Error::TurboJpegError(said)) if damage::is_warning(&said) => Ok((samples, Some(said))),
        Err(error) => Err(error),
    }
}

fn refused(error: Error) -> PictureProblem {
    let said = match error {
        Error::TurboJpegError(said) => without_function(&said).to_owned(),
        other => other.to_string(),
    };
    if said.contains("not implemented") || said.contains("Unsupported") {
        return PictureProblem::UnsupportedJpeg { kind: said };
    }
    PictureProblem::DamageFound { found: said }
}

/// libjpeg-turbo begins some of its messages with the name of the function.
fn without_function(said: &str) -> &str {
    said.split_once("(): ").map_or(said, |(_, message)| message)
}
