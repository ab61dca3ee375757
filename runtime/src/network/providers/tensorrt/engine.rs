//! What a compiled network is made for.

use ort::ep::{ExecutionProviderDispatch, TensorRT};

use crate::network::providers::execution_provider::LARGEST_BATCH;
use crate::network::providers::nvidia::gpu_number;
use crate::network::refusal_reason::RefusalReason;
use crate::signature::INPUT;

/// A network that TensorRT compiles, and what it is compiled for.
#[derive(Debug, Clone, Copy)]
pub(super) struct TensorRtEngine<'a> {
    pub(super) device: &'a str,
    pub(super) reduced: bool,
    pub(super) network_sha256_hex: &'a str,
    /// Channels, height and width.
    pub(super) input_shape: [usize; 3],
}

impl TensorRtEngine<'_> {
    /// With a folder the compiled engine and the timings of its compilation are kept there.
    ///
    /// All sizes of the input but the batch are fixed. So all is compiled when the network is
    /// opened, and nothing while pictures wait.
    pub(super) fn settings(
        &self,
        folder: Option<&str>,
    ) -> Result<ExecutionProviderDispatch, RefusalReason> {
        let provider = TensorRT::default()
            .with_device_id(gpu_number(self.device)?)
            .with_fp16(self.reduced)
            .with_profile_min_shapes(self.batch(1))
            .with_profile_opt_shapes(self.batch(1))
            .with_profile_max_shapes(self.batch(LARGEST_BATCH));
        let Some(folder) = folder else {
            return Ok(provider.build());
        };
        let provider = provider
            .with_engine_cache(true)
            .with_engine_cache_path(folder)
            .with_timing_cache(true)
            .with_timing_cache_path(folder);
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
        let engine = TensorRtEngine {
            device: "0",
            reduced: false,
            network_sha256_hex: "a network",
            input_shape: [3, 224, 256],
        };
        assert_eq!(engine.batch(4), "input:4x3x224x256");
    }
}
