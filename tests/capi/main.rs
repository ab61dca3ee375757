//! Tests of the C interface as its users meet it: C, C++ and Python programs against the
//! shared library, with the committed bundle of random weights and a real ONNX Runtime.
//!
//! What needs a tool that is not installed says that it is skipped, or fails where the
//! tools were installed for these tests (`CFA_TESTS_NO_SKIP`). What only a nightly toolchain can
//! look at, `cargo xtask test` has it look at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod callers;
mod changed_bundle;
mod clients;
mod file_and_frame;
mod flat_memory;
mod forked;
mod frames;
mod header;
mod install;
mod layout;
mod library_file;
mod library_problems;
mod onnx_runtime;
mod quiet;
mod test_build;
mod workbench;
