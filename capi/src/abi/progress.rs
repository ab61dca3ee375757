//! The caller's progress callback.

use std::ffi::c_void;
use std::ops::ControlFlow;

use super::pointer::{Callback, Given};
use crate::fault::Fault;
use crate::types::cfa_progress_fn;

/// Is told how a long operation goes on, and may stop it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress(Callback);

impl Progress {
    /// The fraction while nobody knows how long it takes.
    pub(crate) const UNKNOWN: f32 = -1.0;

    pub(super) fn new(
        function: &Given<cfa_progress_fn>,
        userdata: &Given<*mut c_void>,
    ) -> Result<Self, Fault> {
        function.callback(userdata).map(Self)
    }

    pub(crate) fn report(&self, phase: &str, fraction: f32) -> ControlFlow<()> {
        match self.0.call(phase, fraction) {
            0 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}
