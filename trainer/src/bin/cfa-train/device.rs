//! Which device `--device` means. A GPU that is asked for and not there is an
//! error, never a silent run on the CPU.

use cfa_train::error::TrainError;
use tch::{Cuda, Device};

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceChoice {
    /// The first GPU if there is one, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU of this index.
    Cuda(usize),
}

impl std::str::FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let index = |text: &str| text.parse().ok().map(Self::Cuda);
        match text {
            "auto" => Some(Self::Auto),
            "cpu" => Some(Self::Cpu),
            "cuda" => Some(Self::Cuda(0)),
            _ => text.strip_prefix("cuda:").and_then(index),
        }
        .ok_or_else(|| format!("'{text}' is not a device; use auto, cpu or cuda:N"))
    }
}

impl DeviceChoice {
    /// The device, and in words which one it is.
    pub(crate) fn resolve(self) -> Result<(Device, String), TrainError> {
        match self {
            Self::Cpu => Ok((
                Device::Cpu,
                format!("cpu, {} threads", tch::get_num_threads()),
            )),
            Self::Cuda(index) => match missing(index) {
                None => Ok((Device::Cuda(index), format!("cuda:{index}"))),
                Some(reason) => Err(TrainError::Device {
                    asked: format!("cuda:{index}"),
                    reason,
                }),
            },
            Self::Auto => match missing(0) {
                None => Ok((Device::Cuda(0), "cuda:0".to_owned())),
                Some(reason) => {
                    let threads = tch::get_num_threads();
                    Ok((Device::Cpu, format!("cpu, {threads} threads ({reason})")))
                }
            },
        }
    }
}

fn missing(index: usize) -> Option<String> {
    if !tch::utils::has_cuda() {
        return Some("this libtorch has no CUDA support or found no driver".to_owned());
    }
    let count = Cuda::device_count();
    (count <= index as i64).then(|| format!("only {count} GPUs were found"))
}
