//! Why a picture was refused.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use image::ImageError;

use super::Limit;
use crate::invariant::BrokenInvariant;

/// A picture that could not be read: its path, and the problem.
///
/// `Display` gives the path and the problem; the cause behind it, if there is
/// one, is its [`source`](Error::source).
#[derive(Debug)]
pub struct PictureError {
    /// The file, where there is one.
    pub path: Option<PathBuf>,
    /// The problem.
    pub problem: PictureProblem,
}

/// The problem of a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureProblem {
    /// The file could not be opened or read.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// No bytes at all.
    #[error("the file is empty; was its copy interrupted?")]
    Empty,
    /// More bytes than [`Limits::max_encoded_bytes`](super::Limits).
    #[error("the file is larger than the limit for picture files, {limit_bytes} bytes")]
    FileTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The first bytes are those of no picture format.
    #[error("this is not a picture file; use PNG, JPEG, BMP, TIFF or WebP")]
    NotAPicture,
    /// See [`is_saved_result`](super::is_saved_result).
    #[error("this is a saved heat map, overlay or anomaly map, not a picture to inspect")]
    SavedResult,
    /// A picture format that is not read.
    #[error("{format} pictures are not read; convert to PNG, JPEG, BMP, TIFF or WebP")]
    UnsupportedFormat {
        /// Name of the format found.
        format: String,
    },
    /// A known format with samples that are not read, such as floating point.
    #[error("samples of kind {samples} are not read; save with 8 or 16 bits a sample")]
    UnsupportedSamples {
        /// The kind of sample found.
        samples: String,
    },
    /// A known format in a variant that is not read, such as a rare compression.
    #[error("this variant of its format is not read; save with 8 or 16 bits a sample, as PNG")]
    UnsupportedVariant(#[source] ImageError),
    /// A TIFF that uses a feature which is not read.
    #[error("TIFF files with {feature} are not read; {remedy}")]
    UnsupportedTiff {
        /// The feature found.
        feature: String,
        /// A way around it.
        remedy: &'static str,
    },
    /// A TIFF that contradicts itself, or whose data end too early.
    #[error("the TIFF file is damaged or cut short: {reason}")]
    DamagedTiff {
        /// The contradiction, or the missing part.
        reason: String,
    },
    /// Too wide, too high, or too many pixels.
    #[error(
        "{width_px}×{height_px} px is too large: the limits are {max_side_px} px a side \
         and {max_pixels} px in all"
    )]
    TooLarge {
        /// Columns the header claims.
        width_px: u32,
        /// Rows the header claims.
        height_px: u32,
        /// The limit on each side.
        max_side_px: u32,
        /// The limit on width × height.
        max_pixels: u64,
    },
    /// A side below [`Limits::min_side_px`](super::Limits).
    #[error("{width_px}×{height_px} px is too small: at least {min_side_px} px a side")]
    TooSmall {
        /// Columns.
        width_px: u32,
        /// Rows.
        height_px: u32,
        /// The limit on each side.
        min_side_px: u32,
    },
    /// The pixels could not be decoded.
    #[error("the picture is damaged or cut short")]
    Damaged(#[source] ImageError),
    /// A JPEG that stops before its picture does, so that nothing can be decoded.
    #[error("the picture is cut short: its file ends before the first pixel; copy it again")]
    CutShort,
    /// The pixels can be decoded in part; see [`DamageRule`](super::DamageRule).
    #[error("the picture is damaged or cut short: {found}; copy it again from where it comes from")]
    DamageFound {
        /// Description of the damage.
        found: String,
    },
    /// A JPEG of a kind that is not read, such as lossless or 12-bit.
    #[error(
        "JPEG files of this kind are not read ({kind}); save it as PNG, or as baseline or \
         progressive JPEG with 8 bits a sample"
    )]
    UnsupportedJpeg {
        /// The kind found.
        kind: String,
    },
    /// The decoder panicked, which is a bug of this program and no fault of the caller.
    #[error("its decoder has failed ({message}); please report it with the picture")]
    DecoderPanicked {
        /// Message of the panic.
        message: String,
    },
    /// A buffer that does not hold the number of samples its size needs.
    #[error(
        "a {width_px}×{height_px} px picture needs {expected} samples (and both sides > 0), got {found}"
    )]
    SampleCount {
        /// Columns claimed.
        width_px: u32,
        /// Rows claimed.
        height_px: u32,
        /// Samples that size needs.
        expected: u64,
        /// Samples given.
        found: usize,
    },
    /// Rows closer together than one row is long.
    #[error("stride_bytes is {stride_bytes}, but one row takes {row_bytes} bytes")]
    Stride {
        /// The stride given.
        stride_bytes: usize,
        /// Bytes in one row of pixels.
        row_bytes: u64,
    },
    /// Rows that run from bottom to top.
    #[error(
        "stride_bytes is {stride_bytes}: a negative stride (rows from bottom to top) is not \
         supported; copy the rows in the order from top to bottom (in NumPy: \
         numpy.ascontiguousarray) and give the stride of the copy"
    )]
    NegativeStride {
        /// The stride, as the signed number that was meant.
        stride_bytes: i64,
    },
    /// A buffer that no computer can hold.
    #[error(
        "stride_bytes is {stride_bytes}, which makes {height_px} rows larger than any memory; \
         give the bytes from the start of one row to the start of the next"
    )]
    Overflow {
        /// The stride given.
        stride_bytes: usize,
        /// Rows.
        height_px: u32,
    },
    /// A buffer that ends before its last row does.
    #[error("the buffer holds {found_bytes} bytes, but its size and stride need {needed_bytes}")]
    BufferTooShort {
        /// Bytes that size and stride need.
        needed_bytes: u64,
        /// Bytes given.
        found_bytes: usize,
    },
    /// A bug of this program.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}

impl PictureProblem {
    /// The limit that has to be raised for this picture; `None` for all other problems.
    #[must_use]
    pub fn exceeded(&self) -> Option<Limit> {
        match *self {
            Self::FileTooLarge { .. } => Some(Limit::EncodedBytes),
            Self::TooLarge {
                width_px,
                height_px,
                max_side_px,
                ..
            } if width_px.max(height_px) > max_side_px => Some(Limit::Side),
            Self::TooLarge { .. } => Some(Limit::Pixels),
            _ => None,
        }
    }
}

impl PictureError {
    pub(super) fn at(path: &Path, problem: PictureProblem) -> Self {
        Self {
            path: Some(path.to_owned()),
            problem,
        }
    }
}

impl From<PictureProblem> for PictureError {
    fn from(problem: PictureProblem) -> Self {
        Self {
            path: None,
            problem,
        }
    }
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.problem),
            None => write!(f, "{}", self.problem),
        }
    }
}

impl Error for PictureError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}
