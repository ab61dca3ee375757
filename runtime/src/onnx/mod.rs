//! ONNX files: their messages, and networks read and written without loss.
//!
//! `cfa-train` writes its files with the same parts.

mod external;
mod file;
pub mod message;
mod nodes;
pub mod proto;

pub(crate) use external::{ExternalError, without_weights};
pub use file::{FileError, decode_network};
pub use nodes::Nodes;
