//! TensorRT's settings.

pub(super) mod engine_folder;
pub(super) mod engine_key;

use ort::ep::{ExecutionProviderDispatch, TensorRT};

use super::RefusalReason;
use super::cuda::number;
use crate::network::LARGEST_BATCH;
use engine_folder::EngineFolder;

pub use engine_key::{nvidia_driver, nvidia_gpus};

const INPUT: &str = "input";

/// What an engine is made for.
#[derive(Debug, Clone, Copy)]
pub(in crate::network) struct Engine<'a> {
    pub(in crate::network) device: &'a str,
    pub(super) reduced: bool,
    pub(super) network_sha256_hex: &'a str,
    pub(super) input_shape: [usize; 3],
}

impl Engine<'_> {
    /// With a folder the compiled engine and the timings of its making are kept.
    /// The sizes of the input are fixed but for the batch, so that all is compiled when the
    /// network is opened and nothing while pictures wait.
    pub(in crate::network) fn settings(
        &self,
        folder: Option<&EngineFolder>,
    ) -> Result<ExecutionProviderDispatch, RefusalReason> {
        let provider = TensorRT::default()
            .with_device_id(number(self.device)?)
            .with_fp16(self.reduced)
            .with_profile_min_shapes(self.batch(1))
            .with_profile_opt_shapes(self.batch(1))
            .with_profile_max_shapes(self.batch(LARGEST_BATCH));
        let Some(folder) = folder else {
            return Ok(provider.build());
        };
        let path = folder.text()?;
        let provider = provider
            .with_engine_cache(true)
            .with_engine_cache_path(path)
            .with_timing_cache(true)
            .with_timing_cache_path(path);
        Ok(provider.build())
    }

    fn batch(&self, pictures: usize) -> String {
        let [channels, height, width] = self.input_shape;
        format!("{INPUT}:{pictures}x{channels}x{height}x{width}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_written_as_tensorrt_reads_them() {
        let engine = Engine {
            device: "0",
            reduced: false,
            network_sha256_hex: "a network",
            input_shape: [3, 224, 256],
        };
        assert_eq!(engine.batch(4), "input:4x3x224x256");
    }
}
