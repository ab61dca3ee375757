//! Tests of the trainer as its users meet it: the library and `cfa-train`, with
//! pictures drawn here, real `mobilenet_v2` weights and a real ONNX Runtime. What
//! `cargo xtask setup` has not fetched, and what lies in `../shared` only, is said
//! to be skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says when it is skipped"
)]

mod backbone_references;
mod calibrate;
mod command_line;
mod data_sets;
mod drawn_weights;
mod evaluate;
mod exported_network;
mod fit;
mod import;
mod onnx_checker;
mod onnx_full;
mod picture_rules;
mod pictures;
mod presets;
mod quiet;
mod real_weights;
mod reduced;
mod refusals;
mod resnet18;
mod resume;
mod seeds;
mod signal;
mod tap_reference;
mod weights_source;
mod workshop;
