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
#[path = "../harness/mod.rs"]
mod harness;
mod head;
mod library;
mod many_pictures;
mod picture_rules;
mod predict;
mod providers;
mod saved;
mod standard_input;
mod verdict;
mod verify;
