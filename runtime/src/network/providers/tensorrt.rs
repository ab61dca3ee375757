//! TensorRT's settings.

use std::path::Path;

use ort::ep::{ExecutionProviderDispatch, TensorRT};

use super::cuda::number;
use super::{CacheFolder, RefusalReason, engine_key};
use crate::network::LARGEST_BATCH;

const INPUT: &str = "input";

/// What an engine is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Engine<'a> {
    pub(super) device: &'a str,
    pub(super) reduced: bool,
    pub(super) network_sha256_hex: &'a str,
    pub(super) input_shape: [usize; 3],
    pub(super) onnx_runtime: &'a Path,
}

impl Engine<'_> {
    /// With `cache_folder` the compiled engine and the timings of its making are kept.
    /// The sizes of the input are fixed but for the batch, so that all is compiled when the
    /// network is opened and nothing while pictures wait.
    pub(super) fn settings(
        &self,
        cache_folder: Option<&Path>,
    ) -> Result<ExecutionProviderDispatch, RefusalReason> {
        let provider = TensorRT::default()
            .with_device_id(number(self.device)?)
            .with_fp16(self.reduced)
            .with_profile_min_shapes(self.batch(1))
            .with_profile_opt_shapes(self.batch(1))
            .with_profile_max_shapes(self.batch(LARGEST_BATCH));
        let Some(cache_folder) = cache_folder else {
            return Ok(provider.build());
        };
        let folder = CacheFolder::open(&cache_folder.join("tensorrt"))?;
        let folder = folder.subfolder(&engine_key::of(self))?;
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
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    fn engine() -> Engine<'static> {
        Engine {
            device: "0",
            reduced: false,
            network_sha256_hex: "a network",
            input_shape: [3, 224, 256],
            onnx_runtime: Path::new("/no/such/libonnxruntime.so"),
        }
    }

    #[test]
    fn shapes_are_written_as_tensorrt_reads_them() {
        assert_eq!(engine().batch(4), "input:4x3x224x256");
    }

    #[cfg(unix)]
    #[test]
    fn engines_are_kept_in_a_folder_of_their_own_that_nobody_else_reads() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        let cache = base.path().join("cache");
        engine().settings(Some(&cache)).unwrap();
        let kept: Vec<_> = std::fs::read_dir(cache.join("tensorrt")).unwrap().collect();
        assert_eq!(kept.len(), 1);
        let mode = kept[0]
            .as_ref()
            .unwrap()
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
        let halved = Engine {
            reduced: true,
            ..engine()
        };
        halved.settings(Some(&cache)).unwrap();
        assert_eq!(
            std::fs::read_dir(cache.join("tensorrt")).unwrap().count(),
            2
        );
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_kept_where_others_may_write() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().unwrap();
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(base.path(), open).unwrap();
        let refused = engine()
            .settings(Some(&base.path().join("cache")))
            .err()
            .unwrap();
        assert!(
            matches!(refused, RefusalReason::CacheFolder(_)),
            "{refused}"
        );
    }
}
