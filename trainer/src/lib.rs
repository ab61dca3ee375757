//! Training of CFA (Coupled-hypersphere-based Feature Adaptation, arXiv
//! 2206.04325) with libtorch, and export to a bundle for [`cfa_runtime`].
//!
//! [`dataset`] finds pictures. [`backbone`] describes the pretrained network and reads its
//! weights. [`network`] is the layer graph that libtorch computes and that becomes an ONNX file.
//! [`cfa`] is the method: descriptor, memory bank, loss and gradient. [`training`] adapts the
//! descriptor to stored features, and [`export`] writes a bundle. [`fit`] joins the two: from a
//! folder of pictures to a bundle. [`evaluation`] measures a bundle, [`calibration`] sets its
//! thresholds, and [`import`] reads a model that anomalib has trained.
//!
//! Long work reports its [`events`], and stops as [`interruption`] says.

pub mod backbone;
pub mod calibration;
pub mod cfa;
pub mod dataset;
pub mod destination;
mod digest;
pub mod error;
pub mod evaluation;
pub mod events;
pub mod export;
pub mod fit;
pub mod import;
pub mod interruption;
pub mod network;
mod random;
pub mod tensor;
#[cfg(test)]
mod testing;
pub mod training;
