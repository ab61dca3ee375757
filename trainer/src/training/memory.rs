//! The memory that a training takes. It is reported before the training starts, and kept to.
//!
//! The large things are counted: features, weights, activations, φ and its gradient, and the
//! copies that an export makes. Each phase is rounded up, so that the process stays below what
//! was reported. [`PROGRAM`] covers the rest.

use super::feature_store::values_per_picture;
use super::features::batch_size;
use super::settings::CheckedSettings;
use crate::backbone::weights::Weights;
use crate::dataset::CHECKED_AT_ONCE;
use crate::error::TrainError;
use crate::events::MemoryPlan;

const MIB: u64 = 1 << 20;
const F32: u64 = size_of::<f32>() as u64;
const F64: u64 = size_of::<f64>() as u64;

/// libtorch, ONNX Runtime and this program themselves, with what they keep for their
/// threads.
const PROGRAM: u64 = 320 * MIB;
/// Copies that libtorch holds of a layer beside input and output: the one that a convolution
/// rearranges, and memory that the allocator does not give back.
const ACTIVATION_COPIES: u64 = 3;
/// A decoded picture of at most 16 bits a sample, and its resize in f32.
const BYTES_PER_PIXEL: u64 = 3 * 2 + 3 * F32;
/// Network and bank on their way into a bundle: as tensors of the graph, as ONNX, in the
/// bundle, in the copy that is read back, and in ONNX Runtime's session.
const EXPORT_COPIES: u64 = 7;
/// Descriptors on which an export counts what a search costs.
const COUNTED_ON: u64 = 1024;
/// Parameter, gradient, three moments, and what a step computes from them.
const STEP_COPIES: u64 = 12;

/// The memory that a training may take, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoryLimits {
    /// Features beyond this go to disk.
    pub(crate) features: u64,
    /// The whole process takes no more than this.
    pub(crate) process: u64,
}

/// Plans the training on so many pictures, the largest of which has `largest_px` pixels.
/// Features stay in memory when they fit.
///
/// # Errors
/// The training does not fit even with its features on disk.
pub(crate) fn memory_plan(
    limits: MemoryLimits,
    settings: &CheckedSettings,
    weights: &Weights,
    pictures: usize,
    largest_px: u64,
) -> Result<MemoryPlan, TrainError> {
    let needs = Needs::new(settings, weights, pictures, largest_px)?;
    let in_memory = needs.without_features().saturating_add(needs.features);
    let on_disk = needs.features > limits.features || in_memory > limits.process;
    let peak = if on_disk {
        needs.without_features()
    } else {
        in_memory
    };
    if peak > limits.process {
        return Err(TrainError::Memory {
            needed_mib: peak.div_ceil(MIB),
            limit_mib: limits.process / MIB,
        });
    }
    Ok(MemoryPlan {
        features_bytes: needs.features,
        on_disk,
        peak_bytes: peak,
        limit_bytes: limits.process,
    })
}

/// Bytes by their use.
#[derive(Debug)]
struct Needs {
    features: u64,
    /// From the first to the last step.
    weights: u64,
    /// All pictures are decoded once before the training.
    checking: u64,
    extraction: u64,
    bank: u64,
    training: u64,
    export: u64,
}

impl Needs {
    fn new(
        settings: &CheckedSettings,
        weights: &Weights,
        pictures: usize,
        largest_px: u64,
    ) -> Result<Self, TrainError> {
        let values: usize = weights.tensors.values().map(|t| t.values.len()).sum();
        let weights = values as u64 * F32;
        let per_picture = values_per_picture(&settings.map_shapes()) as u64 * F32;
        let sizes = Sizes::new(settings);
        let network = weights + sizes.parameters + sizes.bank;
        Ok(Self {
            features: per_picture * pictures as u64,
            weights: 2 * weights,
            checking: CHECKED_AT_ONCE as u64 * largest_px * BYTES_PER_PIXEL,
            extraction: extraction(settings, batch_size(settings)?, largest_px)?,
            bank: sizes.building_the_bank(settings.options().gamma_c),
            training: sizes.training(),
            export: sizes.turning()
                + EXPORT_COPIES * network
                + sizes.scoring()
                + extraction(settings, 1, largest_px)?,
        })
    }

    /// No two phases hold their memory at once.
    fn without_features(&self) -> u64 {
        let before = self.checking.max(self.extraction);
        let largest = before.max(self.bank).max(self.training).max(self.export);
        PROGRAM + self.weights + largest
    }
}

/// Bytes of the things that a step works on.
#[derive(Debug)]
struct Sizes {
    /// φ of one picture.
    phi: u64,
    /// φ at the resolutions of the smaller maps.
    smaller_phi: u64,
    bank: u64,
    parameters: u64,
    positions: u64,
    entries: u64,
    channels: u64,
}

impl Sizes {
    fn new(settings: &CheckedSettings) -> Self {
        let [first, second, third] = settings.map_shapes().map(|[_, h, w]| (h * w) as u64);
        let descriptor = settings.descriptor();
        let row = descriptor.outputs as u64 * F32;
        let inputs = descriptor.feature_channels() as u64 + 3;
        let entries = settings.bank_entries() as u64;
        Self {
            phi: first * row,
            smaller_phi: (second + third) * row,
            bank: entries * row,
            parameters: inputs * row,
            positions: first,
            entries,
            channels: descriptor.outputs as u64,
        }
    }

    /// Sums in f64; the clustering compares all rows with all centres; the axes are those
    /// of a D×D matrix.
    fn building_the_bank(&self, gamma_c: usize) -> u64 {
        let mean = self.phi * (2 * F64 / F32 + 4);
        let clustering = 4 * self.positions * self.entries * F32 + 4 * self.phi;
        let axes = 4 * (self.bank + self.channels * self.channels * F32) * F64 / F32;
        let clustering = if gamma_c > 1 { clustering } else { 0 };
        self.bank + mean.max(clustering).max(axes)
    }

    /// The bank twice, for libtorch and for the search; a checkpoint is encoded in
    /// memory before it is written.
    fn training(&self) -> u64 {
        let checkpoint = 3 * (4 * self.parameters + self.bank);
        2 * self.phi + self.smaller_phi + 2 * self.bank + STEP_COPIES * self.parameters + checkpoint
    }

    /// libtorch's scores of one picture: all distances, and their order.
    fn scoring(&self) -> u64 {
        6 * self.phi + 3 * self.positions * self.entries * F32
    }

    /// Bank and weights turned onto other axes, and descriptors counted on, in f64.
    fn turning(&self) -> u64 {
        let square = self.channels * self.channels * F64;
        let counting = 3 * COUNTED_ON * self.entries * F64;
        4 * square + counting + 3 * (self.bank + self.parameters) * F64 / F32
    }
}

/// Pictures and activations of one batch.
fn extraction(
    settings: &CheckedSettings,
    batch: usize,
    largest_px: u64,
) -> Result<u64, TrainError> {
    let input = settings.preprocessing().input_size();
    let live = settings.live_values()? as u64;
    let inputs = (3 * 3 * input.height * input.width) as u64;
    let picture = largest_px * BYTES_PER_PIXEL;
    Ok(batch as u64 * ((ACTIVATION_COPIES * live + inputs) * F32 + picture))
}
