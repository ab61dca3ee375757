//! ONNX files that are made of a bundle's network: the whole model in one file, and the
//! network in a smaller number format.

mod full;
mod reduced;

pub use full::{FullInput, FullOnnxError, encode_full};
pub use reduced::{Affine, ChannelWeights, Observation, ReduceError, ReducibleNetwork};

pub use crate::network::onnx::{INPUT, OUTPUT, OnnxError, encode};
