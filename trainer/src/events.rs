//! What is reported while a training runs. The library itself never prints.

use std::path::PathBuf;

use cfa_runtime::calibration::DecisionRule;
use serde::Serialize;

use crate::dataset::{DataAccount, DepthFinding};
use crate::evaluation::Figures;

/// A step forward. Serialised as one JSON object with the key `event`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FitEvent {
    /// The training with one of several seeds begins.
    Seed {
        /// The seed.
        seed: u64,
        /// Counted from 1.
        number: usize,
        /// How many there will be.
        seeds: usize,
    },
    /// One of several seeds is finished.
    SeedFinished(Box<SeedReport>),
    /// The very training that was asked for has been done before.
    AlreadyTrained,
    /// All training pictures, or all test pictures, are about to be read once.
    Checking {
        /// How many.
        pictures: usize,
    },
    /// Good pictures are held out, and for what.
    HeldOut {
        /// To train on.
        training: usize,
        /// To calibrate scores with.
        calibration: usize,
        /// To choose among seeds with.
        selection: usize,
    },
    /// A picture is left out, because the request allows it.
    Skipped {
        /// Which, and why it cannot be used.
        reason: String,
    },
    /// A peculiarity of the depths of the pictures.
    Depth(DepthFinding),
    /// The memory that the training will take, reported before it starts.
    Memory(MemoryPlan),
    /// Features of this many pictures are there.
    Features {
        /// Finished pictures.
        done: usize,
        /// All pictures.
        pictures: usize,
    },
    /// The memory bank is being reduced, as `gamma_c` asks: the tightest of several
    /// clusterings will be kept.
    Clustering {
        /// Finished clusterings.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// The memory bank is there.
    MemoryBank {
        /// Number of entries.
        entries: usize,
        /// Channels of each.
        channels: usize,
    },
    /// Training goes on from a checkpoint.
    Resumed {
        /// Epochs that were finished.
        epochs: usize,
        /// Steps finished in the next epoch.
        steps: usize,
    },
    /// One step of the optimiser.
    Step {
        /// Counted from 1.
        epoch: usize,
        /// All epochs.
        epochs: usize,
        /// Counted from 1.
        step: usize,
        /// Steps of an epoch.
        steps: usize,
        /// Loss of this batch before the step.
        loss: f64,
    },
    /// An epoch is finished and its checkpoint written.
    Epoch {
        /// Counted from 1.
        epoch: usize,
        /// All epochs.
        epochs: usize,
        /// Mean loss over the epoch's steps.
        loss: f64,
    },
    /// The network is being exported and golden samples recorded.
    Exporting,
    /// No ONNX Runtime was given, so the bundle is neither verified nor calibrated.
    Unverified,
    /// The runtime reproduces libtorch's maps from the picture on.
    Verified {
        /// Golden samples that were replayed.
        samples: usize,
        /// Threads that the runtime computed with.
        threads: usize,
    },
    /// The held-out good pictures have been scored.
    Calibrated {
        /// How many there were.
        good: usize,
        /// How pictures will be judged; `None` when there are too few good ones.
        rule: Option<DecisionRule>,
    },
    /// What became of the pictures of the data set; the last event of a training, of a test
    /// and of a calibration.
    Data(DataAccount),
    /// The bundle is complete.
    Exported {
        /// Its file.
        bundle: PathBuf,
        /// Its size.
        bytes: u64,
    },
}

/// The memory that a training will take, and the place of its features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MemoryPlan {
    /// Size of the features of all training pictures.
    pub features_bytes: u64,
    /// Whether the features go to a temporary file beside the bundle rather than into memory.
    pub on_disk: bool,
    /// The most that the process takes at any time.
    pub peak_bytes: u64,
    /// The most that it may take.
    pub limit_bytes: u64,
}

/// The training with one of several seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedReport {
    /// The seed.
    pub seed: u64,
    /// Mean loss of the last epoch; `None` for a training of zero epochs.
    pub loss: Option<f64>,
    /// How far scores of pasted defects lie above those of the same good pictures, in
    /// standard deviations. The seed is chosen by it.
    pub separation: f64,
    /// Figures over the test pictures, when there are any. The seed is not chosen by them.
    pub test: Option<Figures>,
}

/// Follows a training.
pub trait FitObserver {
    /// Called after every step forward.
    fn event(&mut self, event: &FitEvent);
}
