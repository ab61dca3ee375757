//! Who computes the network: asked for, tried, and told truthfully.
//!
//! ONNX Runtime on its own gives every operation that a provider does not take to the
//! processor, and says nothing. Here it is told to refuse that
//! (`session.disable_cpu_ep_fallback`): a network that opens under a provider runs on it
//! from end to end, and the name in a result is the one that computed it.

mod cpu;
mod cuda;
mod open;
mod openvino;
mod probe;
mod provider;
mod provider_options;
mod refusal;
mod survey;
mod tensorrt;

pub use cpu::processor_instructions;
pub(super) use open::{Opened, Request};
pub use provider::{Provider, UnknownProvider};
pub use provider_options::{Precision, ProviderChoice, ProviderOptions};
pub use refusal::{ProviderRefusal, RefusalReason};
pub use survey::{ProviderState, survey};
pub use tensorrt::{nvidia_driver, nvidia_gpus};
