//! What C calls, and the only place that follows C's pointers.
//!
//! Every entry point turns its pointers into references or values, which [`pointer`]
//! and [`output`] check as far as pointers can be checked, and hands them to safe code.

#![allow(unsafe_code, reason = "pointers from C cannot be followed otherwise")]
#![allow(
    clippy::missing_safety_doc,
    reason = "include/cfa.h says once what holds for all pointers; these comments become that file"
)]

mod library;
mod model;
mod options;
mod output;
mod pointer;
mod progress;
mod session;
#[cfg(test)]
mod tests;

pub use library::{cfa_abi_check, cfa_abi_version, cfa_build_info_json, cfa_status_name};
pub use model::{
    cfa_model_free, cfa_model_heatmap_rgb8, cfa_model_info_json, cfa_model_map_size,
    cfa_model_open, cfa_model_open_bytes,
};
pub use options::{cfa_options_free, cfa_options_new, cfa_options_set, cfa_options_set_progress};
pub(crate) use output::MapOut;
pub(crate) use progress::Progress;
pub use session::{
    cfa_session_cancel, cfa_session_free, cfa_session_info_json, cfa_session_new,
    cfa_session_score, cfa_session_score_batch, cfa_session_score_encoded, cfa_session_self_test,
};
