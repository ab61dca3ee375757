//! The coupled-hypersphere loss (METHOD.md, section 7; arXiv 2206.04325).

mod differentiable;
mod hinges;
mod hypersphere;

pub use differentiable::LossValue;
pub use hinges::{Hinges, PatchLoss};
pub use hypersphere::CfaLoss;

#[cfg(test)]
mod tests;
