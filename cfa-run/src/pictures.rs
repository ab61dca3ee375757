//! Options for the size of pictures, and for the white level of 16-bit pictures.

use std::num::NonZeroU16;

use cfa_runtime::picture::Limits;
use cfa_runtime::preprocess::DepthRemark;

/// Limits for pictures, and the white level of those with 16 bits a sample.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which pictures are taken")]
pub(crate) struct PictureArgs {
    /// Largest picture, width × height in pixels; decoding one takes up to 16 bytes of memory
    /// for each
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,
    /// Longest side of a picture in pixels
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_side_px)]
    max_side_px: u32,
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
        Limits {
            max_encoded_bytes: self.max_file_bytes,
            max_side_px: self.max_side_px,
            max_pixels: self.max_pixels,
            ..Limits::default()
        }
    }

    pub(crate) fn white_level(&self) -> Option<NonZeroU16> {
        self.white_level
    }
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
