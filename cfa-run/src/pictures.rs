//! Which pictures are taken, and what is white in them, asked for on the command line.

use std::num::NonZeroU16;

use anyhow::{Error, anyhow};
use cfa_runtime::inspector::InspectError;
use cfa_runtime::picture::{Limit, Limits, PictureError};
use cfa_runtime::preprocess::DepthRemark;

/// Limits for pictures, and the white level of those with 16 bits a sample.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which pictures are taken")]
pub(crate) struct PictureArgs {
    /// Largest picture, width × height in pixels; decoding one takes up to 16 bytes of memory
    /// for each [default: 100000000]
    #[arg(long, value_name = "N")]
    max_pixels: Option<u64>,
    /// Longest side of a picture in pixels [default: 65535]
    #[arg(long, value_name = "N")]
    max_side_px: Option<u32>,
    /// Largest picture file in bytes [default: 8 for each of --max-pixels, and 1 MiB]
    #[arg(long, value_name = "N")]
    max_file_bytes: Option<u64>,
    /// The sample of 16-bit pictures that is white: 1023, 4095 or 16383 for data of 10, 12 or
    /// 14 bits, 65535 for the full range [default: as the bundle says]
    #[arg(long, value_name = "LEVEL")]
    white_level: Option<NonZeroU16>,
}

impl PictureArgs {
    pub(crate) fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            max_encoded_bytes: self.max_file_bytes,
            max_side_px: self.max_side_px.unwrap_or(usual.max_side_px),
            max_pixels: self.max_pixels.unwrap_or(usual.max_pixels),
            ..usual
        }
    }

    pub(crate) fn white_level(&self) -> Option<NonZeroU16> {
        self.white_level
    }
}

/// The error with the option that lets the picture through, where a limit has refused it.
pub(crate) fn explained(error: Error) -> Error {
    let option = match exceeded(&error) {
        None => return error,
        Some(Limit::EncodedBytes) => "--max-file-bytes",
        Some(Limit::Side) => "--max-side-px",
        Some(Limit::Pixels) => "--max-pixels",
    };
    anyhow!("{error:#}; {option} raises the limit")
}

fn exceeded(error: &Error) -> Option<Limit> {
    let picture = error.downcast_ref::<PictureError>();
    let picture = picture.or_else(|| match error.downcast_ref() {
        Some(InspectError::Picture(picture)) => Some(picture),
        _ => None,
    });
    picture?.problem.exceeded()
}

/// The remark with the option that answers it.
pub(crate) fn remarked(remark: DepthRemark) -> String {
    match remark {
        DepthRemark::AboveWhiteLevel { .. } => {
            format!("{remark}; --white-level gives another")
        }
        DepthRemark::FewBits {
            suggested_white_level,
            ..
        } => format!(
            "{remark}; try --white-level {suggested_white_level}, and train with it if the \
             training pictures are alike"
        ),
    }
}
