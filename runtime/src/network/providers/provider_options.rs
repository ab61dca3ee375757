//! Which provider is asked for, and how it may compute.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Provider, UnknownProvider};

/// The provider asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderChoice {
    /// This one.
    Only(Provider),
    /// The first usable one of CUDA, OpenVINO and the processor. TensorRT is asked for by
    /// name alone: it compiles for minutes, and does not compute in full `f32`.
    Auto,
}

impl ProviderChoice {
    /// In the order they are tried.
    pub(super) fn candidates(self) -> Vec<Provider> {
        match self {
            Self::Only(provider) => vec![provider],
            Self::Auto => vec![Provider::Cuda, Provider::OpenVino, Provider::Cpu],
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

/// Who is to compute the network, and what is allowed on the way.
///
/// A provider computes the whole network or nothing: one that would leave some operations
/// to the processor is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderOptions {
    /// Who is asked.
    pub choice: ProviderChoice,
    /// Whether the processor computes when the one asked for cannot; else that is an error.
    pub allow_fallback: bool,
    /// Whether fewer bits than `f32` has may be used, which is faster and changes scores:
    /// what the device prefers with OpenVINO, TF32 with CUDA, `f16` with TensorRT.
    pub allow_reduced_precision: bool,
    /// Which device of the provider: `CPU` (the default), `GPU`, `GPU.1`, `NPU` with OpenVINO;
    /// the number of the GPU (default 0) with CUDA and TensorRT.
    pub device: Option<String>,
    /// A folder for what TensorRT compiles and for what ONNX Runtime optimises for the
    /// processor, made if missing, for the owner alone; `None` keeps nothing, and the next opening
    /// does it again. With TensorRT a folder that is not safe is an error, else a warning.
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

/// In how many bits a provider computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Full `f32`.
    F32,
    /// `f32`, but factors may be rounded to the 10 bits of TF32 before they are multiplied.
    Tf32,
    /// Whatever the device prefers: `f16`, `bf16` or `f32`.
    Reduced,
}

impl Precision {
    /// The name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Reduced => "reduced",
        }
    }

    pub(super) fn of(provider: Provider, reduced: bool) -> Self {
        match (provider, reduced) {
            (Provider::Cpu, _) | (Provider::OpenVino | Provider::Cuda, false) => Self::F32,
            // ONNX Runtime offers no way to take TF32 from TensorRT.
            (Provider::Cuda, true) | (Provider::TensorRt, false) => Self::Tf32,
            (Provider::OpenVino | Provider::TensorRt, true) => Self::Reduced,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
