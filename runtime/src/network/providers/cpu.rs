//! ONNX Runtime's own code for the processor.

pub(super) mod graph_key;
mod instructions;
pub(super) mod optimised;
mod source_files;

pub use instructions::processor_instructions;
