//! The library itself: versions and names.

use super::output::reporting;
use super::pointer::{given, static_text};
use crate::boundary::caught;
use crate::build_info;
use crate::fault::Fault;
use crate::status::{self, CFA_E_ABI, cfa_status};
use crate::types::{CFA_ABI_MAJOR, CFA_ABI_MINOR, cfa_error, cfa_str};

/// The version of the interface that the library has: compare with `CFA_ABI_VERSION`.
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cfa_abi_version() -> u32 {
    caught(|| Ok(CFA_ABI_MAJOR << 16 | CFA_ABI_MINOR)).unwrap_or(0)
}

/// Whether the library fits the header: same major number, and no older than it.
/// Call it first, with `CFA_ABI_VERSION`. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfa_abi_check(header_version: u32, err: *mut cfa_error) -> cfa_status {
    given!(err);
    let work = || {
        let (major, minor) = (header_version >> 16, header_version & 0xFFFF);
        if major == CFA_ABI_MAJOR && (0..=CFA_ABI_MINOR).contains(&minor) {
            return Ok(());
        }
        Err(Fault::new(
            CFA_E_ABI,
            format!(
                "the program was built for libcfa {major}.{minor}, but this library is \
                 {CFA_ABI_MAJOR}.{CFA_ABI_MINOR}; install the library that came with the header"
            ),
        ))
    };
    reporting(&err, work)
}

/// Version, target, compiler, limits and more of this build, as a JSON object.
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cfa_build_info_json() -> cfa_str {
    static_text(caught(|| Ok(build_info::json())).unwrap_or("{}\0"))
}

/// The name of a status code, such as `CFA_E_BUSY`; of a code that is not known, what
/// its hundred means. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn cfa_status_name(status: cfa_status) -> cfa_str {
    static_text(caught(|| Ok(status::name(status))).unwrap_or("unknown\0"))
}
