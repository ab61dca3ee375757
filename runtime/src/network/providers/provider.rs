//! Who computes the network, by name.

use std::fmt;
use std::str::FromStr;

/// An execution provider: the part of ONNX Runtime that computes the network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provider {
    /// ONNX Runtime's own code for the processor, in `f32`.
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
    "there is no execution provider {name:?}; known: cpu, openvino, cuda, tensorrt, and auto for the best usable one"
)]
pub struct UnknownProvider {
    /// The name given.
    pub name: String,
}

impl Provider {
    /// All of them.
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

    /// What a machine needs for it.
    #[must_use]
    pub fn needs(self) -> &'static str {
        match self {
            Self::Cpu => "any ONNX Runtime",
            Self::OpenVino => {
                "the library of PyPI's onnxruntime-openvino, 1.24.1 or newer, with the files beside it \
                 (in a checkout: `cargo xtask setup --openvino`)"
            }
            Self::Cuda => {
                "an NVIDIA GPU with its driver, and the library of PyPI's onnxruntime-gpu with the CUDA 13 \
                 and cuDNN 9 that it is made for (in a checkout: `cargo xtask setup --cuda`)"
            }
            Self::TensorRt => {
                "what cuda needs (in a checkout: `cargo xtask setup --cuda`), and NVIDIA's TensorRT 10 \
                 where the loader finds it, or in the folder `cuda` beside the library"
            }
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
