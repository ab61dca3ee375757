//! The entry point for tests alone, which is in no header.

use crate::injection;

/// See `injection::ask`: 1 panics in the next entry point of this thread, 2 in the next
/// computation, 3 cancels after it; the answer is what was asked for before and has not
/// happened.
#[unsafe(no_mangle)]
pub extern "C" fn cfa_inject_fault(place: u32) -> u32 {
    injection::ask(place)
}
