//! All providers, by name.

use std::fmt;
use std::str::FromStr;

use super::execution_provider::ExecutionProvider;
use super::{cpu, cuda, openvino, tensorrt};

/// Makes the public names out of the table below.
macro_rules! providers {
    ($($(#[$docs:meta])+ $name:ident = $provider:expr;)+) => {
        /// An execution provider: the part of ONNX Runtime that computes the network.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Provider {
            $($(#[$docs])+ $name,)+
        }

        impl Provider {
            /// All of them, the most general first.
            pub const ALL: [Self; [$(stringify!($name)),+].len()] = [$(Self::$name),+];

            pub(super) fn entry(self) -> &'static ExecutionProvider {
                match self {
                    $(Self::$name => &$provider,)+
                }
            }
        }
    };
}

providers! {
    /// ONNX Runtime's own code for the processor, in `f32`.
    Cpu = cpu::CPU;
    /// OpenVINO: Intel's processors, GPUs and NPUs, and other x86-64 processors.
    OpenVino = openvino::OPENVINO;
    /// NVIDIA GPUs through CUDA and cuDNN.
    Cuda = cuda::CUDA;
    /// NVIDIA GPUs through TensorRT, which compiles the network when it is first opened.
    TensorRt = tensorrt::TENSORRT;
}

/// A provider name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no execution provider {name:?}; known: {}, and auto for the best usable one",
    Provider::ALL.map(Provider::name).join(", ")
)]
pub struct UnknownProvider {
    /// The name given.
    pub name: String,
}

impl Provider {
    /// The name on the command line and in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
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

    pub(super) fn is_asked_by_auto(self) -> bool {
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

    /// The names of the providers whose devices can be chosen, for an error message.
    pub(in crate::network) fn names_with_devices() -> String {
        let all = Self::ALL.into_iter().map(Self::entry);
        let with_devices = all.filter(|entry| entry.plugin().is_some());
        let names: Vec<&str> = with_devices.map(|entry| entry.name).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

impl Default for Provider {
    /// The processor, which every ONNX Runtime computes on.
    fn default() -> Self {
        Self::Cpu
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
            .ok_or_else(|| UnknownProvider {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::super::ProviderChoice;
    use super::*;

    /// Scripts and saved results hold these names.
    #[test]
    fn each_provider_has_its_name_and_its_needs() {
        let names = Provider::ALL.map(Provider::name);
        assert_eq!(names, ["cpu", "openvino", "cuda", "tensorrt"]);
        for provider in Provider::ALL {
            assert_eq!(provider.name().parse(), Ok(provider));
            let choice = ProviderChoice::Only(provider);
            assert_eq!(provider.name().parse(), Ok(choice));
            assert!(!provider.needs().is_empty());
        }
        assert_eq!("auto".parse(), Ok(ProviderChoice::Auto));
        assert_eq!(Provider::names_with_devices(), "openvino, cuda or tensorrt");
        let unknown = "gpu".parse::<Provider>().unwrap_err().to_string();
        assert!(unknown.contains("cpu, openvino, cuda, tensorrt, and auto"));
    }

    #[test]
    fn results_tell_in_how_many_bits_each_provider_computes() {
        let precisions =
            |reduced| Provider::ALL.map(|provider| provider.entry().precision(reduced).name());
        assert_eq!(precisions(false), ["f32", "f32", "f32", "tf32"]);
        assert_eq!(precisions(true), ["f32", "reduced", "tf32", "reduced"]);
    }
}
