//! What C calls.
//!
//! Every entry point takes its arguments over from C with `given!` and hands what they
//! lead to on to safe code. What follows pointers is in `pointer` alone. The entry points
//! need the lint's leave for what they are, exported under their own names and with
//! arguments that C answers for; a test sees that they use it for nothing else.

#![allow(
    clippy::missing_safety_doc,
    reason = "include/cfa.h says once what holds for all pointers; these comments become that file"
)]

#[cfg(feature = "fault-injection")]
#[allow(unsafe_code, reason = "its function is exported")]
mod injection;
#[allow(unsafe_code, reason = "its functions are exported")]
mod library;
#[allow(unsafe_code, reason = "its functions are exported")]
mod model;
#[allow(unsafe_code, reason = "its functions are exported")]
mod options;
mod output;
#[allow(unsafe_code, reason = "pointers from C cannot be followed otherwise")]
mod pointer;
#[allow(unsafe_code, reason = "its functions are exported")]
mod session;
#[cfg(all(test, feature = "fake-network"))]
#[allow(unsafe_code, reason = "they call what C calls")]
mod tests;

#[cfg(feature = "fault-injection")]
pub use injection::cfa_inject_fault;
pub use library::{cfa_abi_check, cfa_abi_version, cfa_build_info_json, cfa_status_name};
pub use model::{
    cfa_model_free, cfa_model_heatmap_rgb8, cfa_model_info_json, cfa_model_map_size,
    cfa_model_open, cfa_model_open_bytes,
};
pub use options::{cfa_options_free, cfa_options_new, cfa_options_set, cfa_options_set_progress};
pub use session::{
    cfa_session_cancel, cfa_session_free, cfa_session_info_json, cfa_session_new,
    cfa_session_score, cfa_session_score_batch, cfa_session_score_encoded, cfa_session_self_test,
};
