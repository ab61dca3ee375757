//! The structures that cross the boundary, laid out as C lays them out.

#![allow(
    non_camel_case_types,
    reason = "the names are those of the C interface"
)]

use std::ffi::{c_char, c_void};

use crate::status::cfa_status;

pub use crate::options::cfa_options;
pub use crate::session::{cfa_model, cfa_session};

/// Changes when a program built against an older header no longer works.
pub const CFA_ABI_MAJOR: u32 = 1;
/// Rises when something is added.
pub const CFA_ABI_MINOR: u32 = 2;
/// Bytes in the message of a `cfa_error`, with its final NUL.
pub const CFA_MESSAGE_CAPACITY: usize = 1024;

/// Text: UTF-8, without a NUL, not necessarily ended by one.
///
/// Going in, it is only read during the call; `data` may be NULL when `len` is 0.
/// Coming out, it lives as long as the process and must not be freed; there it is
/// ended by a NUL, which `len` does not count.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct cfa_str {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes.
    pub len: usize,
}

/// Says what went wrong. Lies in the caller's memory; needs no freeing.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct cfa_error {
    /// In: `sizeof(cfa_error)`.
    pub struct_size: u32,
    /// Out: what the function answers too; written on success as well.
    pub status: cfa_status,
    /// Out: bytes of the message, without its NUL.
    pub message_len: u32,
    /// Out: one line of UTF-8, ended by a NUL, cut between characters if too long:
    /// what went wrong, where, and what to do. Empty on success.
    pub message: [c_char; CFA_MESSAGE_CAPACITY],
}

/// How one pixel lies in memory: one of `CFA_PIXEL_...`.
pub type cfa_pixel_format = u32;
/// One byte.
pub const CFA_PIXEL_GRAY8: cfa_pixel_format = 1;
/// Three bytes: red, green, blue.
pub const CFA_PIXEL_RGB8: cfa_pixel_format = 2;
/// Three bytes: blue, green, red.
pub const CFA_PIXEL_BGR8: cfa_pixel_format = 3;
/// Four bytes: red, green, blue, and one that is not looked at.
pub const CFA_PIXEL_RGBA8: cfa_pixel_format = 4;
/// Four bytes: blue, green, red, and one that is not looked at.
pub const CFA_PIXEL_BGRA8: cfa_pixel_format = 5;
/// Two bytes in the machine's byte order. White is 65535, or the model's white level, or the
/// option `white_level`; larger values are white, too. Data of 10, 12 or 14 bits need a white
/// level, or are shifted up before. `data` needs no alignment.
pub const CFA_PIXEL_GRAY16: cfa_pixel_format = 6;

/// A picture in the caller's memory, only read, and only during the call.
///
/// Rows run from top to bottom. Pixels in memory carry no orientation and are never turned.
/// Needed: `stride_bytes` >= bytes of one row, and
/// `data_len` >= (`height_px` - 1) * `stride_bytes` + bytes of one row.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct cfa_image {
    /// `sizeof(cfa_image)`.
    pub struct_size: u32,
    /// How one pixel lies in memory.
    pub format: cfa_pixel_format,
    /// Columns of the picture, at least 1.
    pub width_px: u32,
    /// Rows of the picture, at least 1.
    pub height_px: u32,
    /// First column of the region of interest.
    pub roi_x_px: u32,
    /// First row of the region of interest.
    pub roi_y_px: u32,
    /// Columns of the region of interest; all four fields 0: the whole picture.
    /// A region is inspected as if it were a picture of its own.
    pub roi_width_px: u32,
    /// Rows of the region of interest.
    pub roi_height_px: u32,
    /// Bytes from the start of a row to the start of the next; never negative: copy rows
    /// that run from bottom to top first.
    pub stride_bytes: usize,
    /// Bytes that may be read from `data` on.
    pub data_len: usize,
    /// The first pixel of the first row.
    pub data: *const u8,
}

/// What is to be done with a part: one of `CFA_DECISION_...`.
pub type cfa_decision = u32;
/// There is no threshold: the model is not calibrated and the options name none.
pub const CFA_DECISION_NONE: cfa_decision = 0;
/// Like the good parts.
pub const CFA_DECISION_PASS: cfa_decision = 1;
/// Unusual: somebody should look at it.
pub const CFA_DECISION_REVIEW: cfa_decision = 2;
/// More unusual than the threshold allows.
pub const CFA_DECISION_REJECT: cfa_decision = 3;

/// What is to be known of a picture beside its result: bits of `CFA_REMARK_...`. Later
/// versions may set further ones.
pub type cfa_remarks = u32;
/// The picture file is damaged: some of its pixels are not what the camera has seen. Set only
/// with the option `accept_damaged`; `cfa_session_info_json` says what was found.
pub const CFA_REMARK_DAMAGED: cfa_remarks = 1;

/// What came out for one picture.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct cfa_verdict {
    /// In: `sizeof(cfa_verdict)`.
    pub struct_size: u32,
    /// Pass, review, reject, or none without a threshold.
    pub decision: cfa_decision,
    /// Columns of the picture (not of its region of interest); of a picture file, after it is
    /// turned by the model's orientation rule. Peak and map are in the turned picture, too.
    pub width_px: u32,
    /// Rows of the picture.
    pub height_px: u32,
    /// Raw score: the largest value of the anomaly map. Finite, at least 0, in the unit
    /// of the model; compares pictures under one model only.
    pub score: f32,
    /// Bits of `CFA_REMARK_...`; 0 when there is nothing to remark.
    pub remarks: cfa_remarks,
    /// Share of good parts to expect at this score or above, above 0 and up to 1; -1
    /// when the model is not calibrated.
    pub p_value: f64,
    /// Where the map has its maximum, in columns of the picture; whole numbers are pixel
    /// centres. With a region of interest still counted from the picture's first column.
    pub peak_x_px: f64,
    /// Where the map has its maximum, in rows of the picture.
    pub peak_y_px: f64,
    /// Nanoseconds of decoding the picture, or of copying it from the caller's memory.
    pub decode_ns: u64,
    /// Nanoseconds of resizing and normalising.
    pub preprocess_ns: u64,
    /// Nanoseconds of the network.
    pub network_ns: u64,
    /// Nanoseconds of the search in the memory bank.
    pub neighbors_ns: u64,
    /// Nanoseconds of making the map.
    pub map_ns: u64,
}

/// In which size a map is given: one of `CFA_MAP_SIZE_...`.
pub type cfa_map_size = u32;
/// The model's own, as `cfa_model_map_size` tells: the values themselves.
pub const CFA_MAP_SIZE_MODEL: cfa_map_size = 1;
/// The size of the picture, or of its region of interest: interpolated, and NaN where the
/// model's centre crop left the picture uninspected.
pub const CFA_MAP_SIZE_PICTURE: cfa_map_size = 2;

/// An anomaly map in the caller's memory.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct cfa_map {
    /// In: `sizeof(cfa_map)`.
    pub struct_size: u32,
    /// In: which size is wanted.
    pub size: cfa_map_size,
    /// Out: columns; also written with `CFA_E_BUFFER_TOO_SMALL`.
    pub width_px: u32,
    /// Out: rows; also written with `CFA_E_BUFFER_TOO_SMALL`.
    pub height_px: u32,
    /// In: floats that `data` has room for.
    pub capacity: usize,
    /// Out: `height_px` rows of `width_px` values, without gaps; raw, in the unit of the score.
    pub data: *mut f32,
}

/// Receives how a long operation goes on. Answers 0 to stop it, anything else to go on.
///
/// `phase` is text for people. `fraction` runs from 0 to 1, and is -1 while nobody knows
/// how long it takes. Called on the thread that called libcfa, at the start and, unless
/// something failed, the end of a phase, and while a network is being opened several times
/// a second in between; never after the call has returned. Options that several threads use
/// call it from each of them. It must return (no exception, no longjmp) and must not change
/// or free the same options.
pub type cfa_progress_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, phase: cfa_str, fraction: f32) -> i32>;
