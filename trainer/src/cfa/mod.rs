//! The method: what is trained, against which memory bank, by which loss.

pub mod descriptor;
pub mod frame;
pub mod gradient;
pub mod loss;
pub mod memory_bank;
pub mod model;
pub mod neighbors;
pub mod reference;
