//! Status codes. Append-only: a number never changes its meaning and is never used
//! again, and the category of a code that is not known is its hundred.

#![allow(
    non_camel_case_types,
    reason = "the names are those of the C interface"
)]

/// What a function answers: `CFA_OK`, or a code whose hundred is its category.
///
/// 1xx the call, 2xx files, 3xx the bundle, 4xx limits and cancellation, 5xx the
/// machine that computes, 6xx numbers, 9xx libcfa itself.
/// Later versions may add codes; treat one you do not know by its hundred.
pub type cfa_status = i32;

/// Done.
pub const CFA_OK: cfa_status = 0;
/// A pointer that must not be NULL is NULL.
pub const CFA_E_NULL_ARGUMENT: cfa_status = 100;
/// An argument is out of range, or arguments do not fit each other.
pub const CFA_E_BAD_ARGUMENT: cfa_status = 101;
/// `struct_size` is not the size of the structure in any version this library knows.
pub const CFA_E_BAD_STRUCT_SIZE: cfa_status = 102;
/// The caller's buffer is too small; the size it needs has been written.
pub const CFA_E_BUFFER_TOO_SMALL: cfa_status = 103;
/// The session is computing for another thread.
pub const CFA_E_BUSY: cfa_status = 104;
/// The encoded picture is damaged, or of a kind that is not read.
pub const CFA_E_BAD_PICTURE: cfa_status = 105;
/// A file cannot be read.
pub const CFA_E_IO: cfa_status = 200;
/// The bundle is not a bundle, or its settings cannot be carried out.
pub const CFA_E_BUNDLE_FORMAT: cfa_status = 300;
/// The bundle is damaged, or was changed since it was opened: a digest does not fit.
pub const CFA_E_BUNDLE_DIGEST: cfa_status = 301;
/* 302 is reserved for signatures. */
/// The bundle is of a format version that this library does not read.
pub const CFA_E_BUNDLE_VERSION: cfa_status = 303;
/// Larger than a limit allows, or smaller.
pub const CFA_E_LIMIT: cfa_status = 400;
/* 401 is reserved for time-outs. */
/// Stopped by `cfa_session_cancel` or by the progress callback.
pub const CFA_E_CANCELLED: cfa_status = 402;
/// The execution provider is not known or not available.
pub const CFA_E_PROVIDER: cfa_status = 500;
/* 501 is reserved for a provider that computes with another in its place. */
/// The results recorded in the bundle are not reproduced on this machine.
pub const CFA_E_SELF_TEST: cfa_status = 502;
/// ONNX Runtime is missing, too old, or another one is loaded already.
pub const CFA_E_ONNXRUNTIME: cfa_status = 503;
/// ONNX Runtime refused the network, or failed while running it.
pub const CFA_E_NETWORK: cfa_status = 504;
/// The network's values are not finite, so there is no score.
pub const CFA_E_NONFINITE: cfa_status = 600;
/// Something that should not happen; please report it.
pub const CFA_E_INTERNAL: cfa_status = 900;
/// A panic inside the library was caught; please report it. The session it happened
/// in can only be freed.
pub const CFA_E_PANIC: cfa_status = 901;
/// Header and library do not fit each other.
pub const CFA_E_ABI: cfa_status = 902;

/// The name of a code, or what is known of its hundred, ended by a NUL.
pub(crate) fn name(status: cfa_status) -> &'static str {
    match status {
        CFA_OK => "CFA_OK\0",
        CFA_E_NULL_ARGUMENT => "CFA_E_NULL_ARGUMENT\0",
        CFA_E_BAD_ARGUMENT => "CFA_E_BAD_ARGUMENT\0",
        CFA_E_BAD_STRUCT_SIZE => "CFA_E_BAD_STRUCT_SIZE\0",
        CFA_E_BUFFER_TOO_SMALL => "CFA_E_BUFFER_TOO_SMALL\0",
        CFA_E_BUSY => "CFA_E_BUSY\0",
        CFA_E_BAD_PICTURE => "CFA_E_BAD_PICTURE\0",
        CFA_E_IO => "CFA_E_IO\0",
        CFA_E_BUNDLE_FORMAT => "CFA_E_BUNDLE_FORMAT\0",
        CFA_E_BUNDLE_DIGEST => "CFA_E_BUNDLE_DIGEST\0",
        CFA_E_BUNDLE_VERSION => "CFA_E_BUNDLE_VERSION\0",
        CFA_E_LIMIT => "CFA_E_LIMIT\0",
        CFA_E_CANCELLED => "CFA_E_CANCELLED\0",
        CFA_E_PROVIDER => "CFA_E_PROVIDER\0",
        CFA_E_SELF_TEST => "CFA_E_SELF_TEST\0",
        CFA_E_ONNXRUNTIME => "CFA_E_ONNXRUNTIME\0",
        CFA_E_NETWORK => "CFA_E_NETWORK\0",
        CFA_E_NONFINITE => "CFA_E_NONFINITE\0",
        CFA_E_INTERNAL => "CFA_E_INTERNAL\0",
        CFA_E_PANIC => "CFA_E_PANIC\0",
        CFA_E_ABI => "CFA_E_ABI\0",
        _ => category(status),
    }
}

fn category(status: cfa_status) -> &'static str {
    match status / 100 {
        1 => "unknown code 1xx: the call\0",
        2 => "unknown code 2xx: files\0",
        3 => "unknown code 3xx: the bundle\0",
        4 => "unknown code 4xx: limits and cancellation\0",
        5 => "unknown code 5xx: the machine that computes\0",
        6 => "unknown code 6xx: numbers\0",
        9 => "unknown code 9xx: libcfa\0",
        _ => "unknown code\0",
    }
}
