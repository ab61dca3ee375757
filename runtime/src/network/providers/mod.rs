//! Who computes the network: asked for, tried, and told truthfully.
//!
//! ONNX Runtime on its own gives every operation that a provider does not take to the
//! processor, and says nothing. Here it is told to refuse that
//! (`session.disable_cpu_ep_fallback`): a network that opens under a provider runs on it
//! from end to end, and the name in a result is the one that computed it.

mod cache_folder;
mod cuda;
mod engine_folder;
mod engine_key;
mod graph_key;
mod instructions;
mod kept_files;
mod name;
mod open;
mod openvino;
mod optimised;
mod options;
mod probe;
mod refusal;
mod source_files;
mod survey;
mod tensorrt;

pub use cache_folder::{CacheFolder, CacheFolderError};
pub use engine_key::{nvidia_driver, nvidia_gpus};
pub use instructions::processor_instructions;
pub use name::{Provider, UnknownProvider};
pub(super) use open::{Opened, Request};
pub use options::{Precision, ProviderChoice, ProviderOptions};
pub use refusal::{ProviderRefusal, RefusalReason};
pub use survey::{ProviderState, survey};
