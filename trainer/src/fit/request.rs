//! What to fit, and what came out.

use std::path::PathBuf;

use cfa_runtime::OnnxRuntime;
use cfa_runtime::picture::Limits;
use tch::Device;

use crate::dataset::{DataAccount, GoodNames};
use crate::error::TrainError;
use crate::training::FitSettings;

/// What to train on, with what, and where to.
#[derive(Debug, Clone)]
pub struct FitRequest {
    /// Folder of pictures: MVTec layout, or good pictures only.
    pub data: PathBuf,
    /// By which names folders of good pictures are recognised there.
    pub good_names: GoodNames,
    /// Pre-trained weights of the backbone.
    pub weights: PathBuf,
    /// The bundle to write.
    pub bundle: PathBuf,
    /// How to train.
    pub settings: FitSettings,
    /// Where libtorch computes.
    pub device: Device,
    /// Which picture files are refused for their size.
    pub picture_limits: Limits,
    /// Leave out pictures that cannot be used instead of stopping.
    pub skip_bad: bool,
    /// Go on from the checkpoint beside the bundle when there is one.
    pub resume: bool,
    /// Replace a file that is in the bundle's place; otherwise it is an error.
    pub overwrite: bool,
    /// Features beyond this many bytes are kept on disk instead of in memory.
    pub feature_memory_bytes: u64,
    /// The process shall not take more than this; a training that would is refused.
    pub memory_limit_bytes: u64,
    /// What the bundle is verified and calibrated with before it is written; without
    /// one it is neither.
    pub runtime: Option<OnnxRuntime>,
    /// Threads of the runtime; `None` takes all cores. Those of libtorch and of rayon belong
    /// to the process.
    pub threads: Option<usize>,
}

/// What a training has produced.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FitSummary {
    /// The written bundle.
    pub bundle: PathBuf,
    /// Number of training pictures.
    pub pictures: usize,
    /// Mean loss of the last epoch; `None` for a training of zero epochs.
    pub loss: Option<f64>,
    /// Good pictures held out to choose among seeds with.
    #[serde(skip)]
    pub selection: Vec<PathBuf>,
    /// What became of the pictures of the data set; reported as [`FitEvent::Data`](crate::events::FitEvent::Data).
    #[serde(skip)]
    pub data: DataAccount,
}

impl FitRequest {
    /// A file in the bundle's place is only replaced when that was asked for.
    pub(super) fn refuse_to_replace(&self) -> Result<(), TrainError> {
        if self.overwrite || !self.bundle.exists() {
            return Ok(());
        }
        Err(TrainError::WouldReplace {
            bundle: self.bundle.clone(),
        })
    }
}
