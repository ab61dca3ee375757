//! Which provider is asked for, and how it may compute.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::provider::{Provider, UnknownProvider};

/// The provider asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderChoice {
    /// This one.
    Only(Provider),
    /// The first usable one of CUDA, OpenVINO and the processor. TensorRT is used only where it
    /// is named: it compiles for minutes, and does not compute in full `f32`.
    Auto,
}

impl ProviderChoice {
    /// The providers to ask, in this order. `Auto` begins with the most special one.
    pub(in crate::network) fn candidates(self) -> Vec<Provider> {
        match self {
            Self::Only(provider) => vec![provider],
            Self::Auto => {
                let all = Provider::ALL.into_iter().rev();
                all.filter(|provider| provider.is_asked_by_auto()).collect()
            }
        }
    }
}

impl Default for ProviderChoice {
    fn default() -> Self {
        Self::Only(Provider::default())
    }
}

impl fmt::Display for ProviderChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(provider) => provider.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl FromStr for ProviderChoice {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "auto" => Ok(Self::Auto),
            _ => name.parse().map(Self::Only),
        }
    }
}

/// Which provider computes the network, and what it is allowed to do.
///
/// A provider computes the whole network or nothing: one that would leave some operations
/// to the processor is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderOptions {
    /// The provider asked for.
    pub choice: ProviderChoice,
    /// Whether the processor computes when the provider cannot; otherwise that is an error.
    pub allow_fallback: bool,
    /// Whether fewer bits than `f32` has may be used, which is faster and changes scores:
    /// what the device prefers with OpenVINO, TF32 with CUDA, `f16` with TensorRT.
    pub allow_reduced_precision: bool,
    /// Which device of the provider: `CPU` (the default), `GPU`, `GPU.1`, `NPU` with OpenVINO;
    /// the number of the GPU (default 0) with CUDA and TensorRT.
    pub device: Option<String>,
    /// A folder for networks that TensorRT has compiled, or that ONNX Runtime has optimised for
    /// the processor. It is made where it is missing, for the owner alone. With `None` nothing is
    /// kept, and each opening prepares the network again. A folder that is not safe is an error
    /// with TensorRT, otherwise a warning.
    pub cache_folder: Option<PathBuf>,
}

impl From<Provider> for ProviderOptions {
    fn from(provider: Provider) -> Self {
        ProviderChoice::Only(provider).into()
    }
}

impl From<ProviderChoice> for ProviderOptions {
    fn from(choice: ProviderChoice) -> Self {
        Self {
            choice,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_asks_for_a_gpu_first_and_never_for_what_compiles() {
        let asked = ProviderChoice::Auto.candidates();
        assert_eq!(asked, [Provider::Cuda, Provider::OpenVino, Provider::Cpu]);
    }
}
