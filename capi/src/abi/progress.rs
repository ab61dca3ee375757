//! The caller's progress callback.

use std::ffi::c_void;
use std::ops::ControlFlow;

use crate::fault::Fault;
use crate::types::{cfa_progress_fn, cfa_str};

/// A callback with the caller's pointer for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    function: unsafe extern "C" fn(*mut c_void, cfa_str, f32) -> i32,
    userdata: *mut c_void,
}

impl Progress {
    /// The fraction while nobody knows how long it takes.
    pub(crate) const UNKNOWN: f32 = -1.0;

    /// The caller vouches that the function may be called with `userdata` from the
    /// threads that use the options.
    pub(super) unsafe fn new(
        function: cfa_progress_fn,
        userdata: *mut c_void,
    ) -> Result<Self, Fault> {
        let function = function.ok_or_else(|| Fault::null("function"))?;
        Ok(Self { function, userdata })
    }

    pub(crate) fn report(&self, phase: &str, fraction: f32) -> ControlFlow<()> {
        let phase = cfa_str {
            data: phase.as_ptr().cast(),
            len: phase.len(),
        };
        // SAFETY: the maker vouched for the function, and the text outlives the call.
        match unsafe { (self.function)(self.userdata, phase, fraction) } {
            0 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}
