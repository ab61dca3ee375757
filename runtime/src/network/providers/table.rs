//! All providers: which file describes each.

use super::execution_provider::ExecutionProvider;
use super::{cpu, cuda, openvino, tensorrt};
use crate::network::provider::Provider;

impl Provider {
    pub(super) fn entry(self) -> &'static ExecutionProvider {
        match self {
            Self::Cpu => &cpu::CPU,
            Self::OpenVino => &openvino::OPENVINO,
            Self::Cuda => &cuda::CUDA,
            Self::TensorRt => &tensorrt::TENSORRT,
        }
    }

    /// What a machine needs for it.
    #[must_use]
    pub fn needs(self) -> &'static str {
        self.entry().needs
    }

    /// Whether it compiles a network when that is opened for the first time, which takes minutes.
    #[must_use]
    pub fn compiles(self) -> bool {
        self.entry().compiles
    }

    pub(in crate::network) fn is_asked_by_auto(self) -> bool {
        self.entry().is_asked_by_auto
    }

    /// Whether the machine seems to have what it needs, at a glance.
    pub(in crate::network) fn seems_usable(self) -> bool {
        let plugin = self.entry().plugin();
        plugin.is_none_or(|plugin| (plugin.seems_usable)())
    }

    /// The folder of an ONNX Runtime with this provider; `None` where every library has it.
    pub(in crate::network) fn library_folder(self) -> Option<&'static str> {
        self.entry().plugin().map(|plugin| plugin.library_folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_have_devices() {
        for provider in Provider::ALL {
            let plugin = provider.entry().plugin();
            assert_eq!(provider.has_devices(), plugin.is_some(), "{provider}");
        }
    }

    #[test]
    fn results_tell_in_how_many_bits_each_provider_computes() {
        let precisions =
            |reduced| Provider::ALL.map(|provider| provider.entry().precision(reduced).name());
        assert_eq!(precisions(false), ["f32", "f32", "f32", "tf32"]);
        assert_eq!(precisions(true), ["f32", "reduced", "tf32", "reduced"]);
    }
}
