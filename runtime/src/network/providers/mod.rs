//! Which provider computes the network. Providers are asked, tried, and reported truthfully.
//!
//! By itself ONNX Runtime gives every operation that a provider does not take to the processor,
//! and does not report it. Here the session option `session.disable_cpu_ep_fallback` refuses
//! that. So a network that opens under a provider runs on it from end to end, and the name in a
//! result is the provider that computed it.
//!
//! To add a provider, write a file with an [`ExecutionProvider`](execution_provider::ExecutionProvider)
//! like `cuda.rs`, a name in `Provider`, and a line in `table.rs`.

mod attempt;
mod cpu;
mod cuda;
mod execution_provider;
mod nvidia;
mod open;
mod openvino;
mod precision;
mod probe;
mod refusal;
mod request;
mod survey;
mod table;
mod tensorrt;

pub use cpu::processor_instructions;
pub use execution_provider::LARGEST_BATCH;
pub use nvidia::{nvidia_driver, nvidia_gpus};
pub use precision::Precision;
pub use refusal::ProviderRefusal;
pub(super) use request::{Opened, Request, SelectedProvider};
pub use survey::{ProviderState, survey};
