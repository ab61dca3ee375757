//! `libcfa`: the runtime embedded from C.
//!
//! The interface is described in `include/cfa.h`, which is generated from this crate
//! (`cargo xtask header`). [`abi`] holds what C calls, and in one file follows
//! its pointers; the other modules are safe code behind it.

pub mod abi;
mod boundary;
mod build_info;
mod engine;
mod fault;
mod frame;
#[cfg(feature = "fault-injection")]
mod injection;
mod options;
mod progress;
mod scoring;
mod session;
pub mod status;
pub mod types;
