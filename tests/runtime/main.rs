//! Tests of the runtime as its users meet it: the library and `cfa-run`, with the
//! committed bundle of random weights and a real ONNX Runtime.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bad_bundles;
mod bad_pictures;
mod batches;
mod bench;
mod cache;
mod command_line;
mod found;
mod full_output;
#[path = "../harness/mod.rs"]
mod harness;
mod head;
mod interruption;
mod library;
mod long_running;
mod many_pictures;
mod one_decoding;
mod own_results;
mod picture_rules;
mod predict;
mod providers;
mod saved;
mod standard_input;
mod verdict;
mod verify;
