//! The text of an ONNX Runtime error.

/// The text of an ONNX Runtime error, kept as the source of ours.
pub(super) type Cause = Box<dyn std::error::Error + Send + Sync>;
