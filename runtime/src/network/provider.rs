//! All providers, by name.

use std::fmt;
use std::str::FromStr;

/// An execution provider: the part of ONNX Runtime that computes the network.
///
/// What a provider needs and how it is registered is in `providers/`, one file for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// ONNX Runtime's own code for the processor, in `f32`. Every ONNX Runtime has it.
    #[default]
    Cpu,
    /// OpenVINO: Intel's processors, GPUs and NPUs, and other x86-64 processors.
    OpenVino,
    /// NVIDIA GPUs through CUDA and cuDNN.
    Cuda,
    /// NVIDIA GPUs through TensorRT, which compiles the network when it is first opened.
    TensorRt,
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
    /// All of them, the most general first.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::OpenVino, Self::Cuda, Self::TensorRt];

    /// The name on the command line and in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::OpenVino => "openvino",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
        }
    }

    /// Whether there are devices to choose from.
    pub(super) fn has_devices(self) -> bool {
        self != Self::Cpu
    }

    /// The names of the providers whose devices can be chosen, for an error message.
    pub(super) fn names_with_devices() -> String {
        let with_devices = Self::ALL.into_iter().filter(|one| one.has_devices());
        let names: Vec<&str> = with_devices.map(Self::name).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
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
    use super::super::provider_options::ProviderChoice;
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
}
