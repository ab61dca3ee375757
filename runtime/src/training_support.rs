//! For `cfa-train` and the tests of this repository. Nothing here is stable: it changes
//! whenever the trainer needs it, in any version.
//!
//! It holds the parts of the method one by one ([`cfa`]), the messages of ONNX files
//! ([`onnx`], [`signature`]), and networks that are run without an inspector. To inspect
//! pictures, use [`crate::Inspector`].

pub use crate::network::network_options::NetworkOptions;
pub use crate::network::observed::ObservedNetwork;
pub use crate::network::opened_network::Network;
pub use crate::network::outputs::NetworkOutputs;
pub use crate::network::whole_model::WholeModel;

/// The parts of the method.
pub mod cfa {
    pub use crate::cfa::{anomaly_map, head, memory_bank, network_outputs, onnx};
}

/// ONNX files.
pub mod onnx {
    pub use crate::onnx::{FileError, Nodes, decode_network, message, proto};
}

/// Names and shapes of what goes into a network and comes out of it.
pub mod signature {
    pub use crate::signature::{INPUT, MAP, NetworkOutput, SCORE, level_name};
}
