//! Training of the descriptor on features that were computed once.
//!
//! The pictures of a folder become features ([`FeatureExtractor`], [`FeatureStore`]), and
//! [`Cfa`] trains on these, with a checkpoint after each epoch. What comes before and after,
//! from the folder to the bundle, is [`crate::fit`].

mod cfa;
mod checkpoint;
mod feature_store;
mod features;
mod learner;
mod memory;
pub mod optimizer;
mod precision;
mod preset;
mod record;
mod settings;
mod step;
mod weights;

pub use cfa::{Cfa, epoch_order};
pub(crate) use checkpoint::{Checkpoint, remove_checkpoint};
pub use checkpoint::{Saving, checkpoint_path};
pub use feature_store::FeatureStore;
pub use features::FeatureExtractor;
pub(crate) use features::extract;
pub(crate) use memory::{MemoryLimits, memory_plan};
pub(crate) use precision::compute_in_f32;
pub use preset::{Preset, UnknownPreset};
pub use record::{TrainingIdentity, TrainingRecord, trained_on};
pub(crate) use record::{finished, finished_by, listed};
pub use settings::{CheckedSettings, FitSettings};
pub use weights::fitting_weights;
