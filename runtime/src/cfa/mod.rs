//! The method: descriptors, memory bank, scores and anomaly map of CFA.

pub mod anomaly_map;
pub mod head;
pub mod memory_bank;
