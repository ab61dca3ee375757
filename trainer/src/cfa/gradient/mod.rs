//! Loss and gradients of a training step on the CPU, without libtorch.
//!
//! The features of a picture are constants and the memory bank is fixed, so a step is
//! three small things: φ by one product a level, the nearest entries by the runtime's
//! own search, and the loss's sparse derivative carried back through the same products.
//! Pictures follow one another, so the memory does not grow with the batch, and each
//! uses all threads of the current rayon pool.
//!
//! The descriptor is written here a second time, after [`crate::cfa::descriptor`]; libtorch's
//! automatic differentiation of that one is what the tests hold this against.

mod layer;
mod levels;
mod product;
mod upsampling;

use cfa_runtime::training_support::cfa::memory_bank::{
    MemoryBank, Neighbors, SearchOptions, SearchScratch,
};
use cfa_runtime::{BrokenInvariant, Cancellation};
use ndarray::{Array1, Array2, ArrayRef2, Axis, Slice};
use rayon::prelude::*;

use crate::cfa::descriptor::DescriptorShape;
use crate::cfa::loss::{CfaLoss, Hinges, PatchLoss};
use layer::values_of;
pub use layer::{GradientError, Slopes, Weights};
use levels::Levels;

/// Patches whose derivatives one thread takes at a time. Fixed, so that sums do not
/// depend on the number of threads.
const TILE_ROWS: usize = 64;
/// The mean of the descriptors is estimated from every n-th patch.
const SAMPLE_STEP: isize = 16;

/// Computes loss and derivatives of batches, picture by picture.
#[derive(Debug)]
pub struct BatchGradient {
    loss: CfaLoss,
    bank: MemoryBank,
    levels: Levels,
    weights: Weights,
    patch_loss: PatchLoss,
    /// No picture was seen with these weights.
    fresh: bool,
    scratch: SearchScratch,
    neighbors: Neighbors,
    hinges: Hinges,
    slopes: Slopes,
}

impl BatchGradient {
    /// For pictures with pooled maps of these shapes (C, h, w), against `bank`. It is
    /// searched much faster when it knows its axes.
    #[must_use]
    pub fn new(
        shape: DescriptorShape,
        maps: [[usize; 3]; 3],
        bank: MemoryBank,
        loss: CfaLoss,
    ) -> Self {
        let (inputs, outputs) = (shape.feature_channels() + 2, shape.outputs);
        let zeros = || Array2::zeros((outputs, inputs));
        Self {
            loss,
            bank,
            levels: Levels::new(maps, outputs),
            weights: Weights {
                weight: zeros(),
                bias: vec![0.0; outputs],
            },
            patch_loss: loss.for_patches(1, loss.radius as f32),
            fresh: true,
            scratch: SearchScratch::default(),
            neighbors: Neighbors::default(),
            hinges: Hinges::default(),
            slopes: Slopes {
                weight: zeros(),
                bias: Array1::zeros(outputs),
                radius: 0.0,
            },
        }
    }

    /// Begins a batch of so many pictures.
    pub fn begin(&mut self, weights: Weights, radius: f32, pictures: usize) {
        let patches = pictures * self.levels.phi.nrows();
        self.patch_loss = self.loss.for_patches(patches, radius);
        self.weights = weights;
        self.fresh = true;
        self.hinges = Hinges::default();
        self.slopes.weight.fill(0.0);
        self.slopes.bias.fill(0.0);
        self.slopes.radius = 0.0;
    }

    /// Adds one picture, given by its stored maps one after the other.
    ///
    /// # Errors
    /// φ is not finite, or the features have the wrong length.
    pub fn add(&mut self, features: &[f32]) -> Result<(), GradientError> {
        self.levels.forward(features, &self.weights)?;
        let (entries, phi) = (self.patch_loss.entries(), &*self.levels.phi);
        if std::mem::take(&mut self.fresh) {
            self.bank.turn_first_axis(&mean_of_some(phi)?);
        }
        let options = SearchOptions {
            cancellation: &Cancellation::new(),
            helpers: None,
            scratch: &self.scratch,
        };
        self.bank
            .nearest_into(phi, entries, &options, &mut self.neighbors)?;
        let hinges = self.differentiate()?;
        self.hinges += hinges;
        self.levels.backward(features, &mut self.slopes)?;
        Ok(())
    }

    /// Puts ∂L/∂φ in the place of φ.
    fn differentiate(&mut self) -> Result<Hinges, BrokenInvariant> {
        let (loss, bank, neighbors) = (self.patch_loss, &self.bank, &self.neighbors);
        let channels = self.levels.phi.ncols();
        let tiles = values_of(&mut self.levels.phi)?.par_chunks_mut(TILE_ROWS * channels);
        let distances = neighbors
            .squared_distances
            .axis_chunks_iter(Axis(0), TILE_ROWS);
        let indices = neighbors.indices.axis_chunks_iter(Axis(0), TILE_ROWS);
        let tiles = tiles.zip(distances).zip(indices);
        let sums: Vec<Hinges> = tiles
            .map_init(Vec::new, |gradient, ((phi, distances), indices)| {
                gradient.resize(channels, 0.0);
                let mut sum = Hinges::default();
                for (row, phi) in phi.chunks_exact_mut(channels).enumerate() {
                    let nearest = distances.row(row).into_iter().zip(indices.row(row));
                    let nearest = nearest.map(|(&distance, &index)| (distance, bank.row(index)));
                    sum += loss.differentiate_patch(phi, nearest, gradient);
                    phi.copy_from_slice(gradient);
                }
                sum
            })
            .collect();
        Ok(sums.into_iter().fold(Hinges::default(), |mut all, tile| {
            all += tile;
            all
        }))
    }

    /// The loss of the batch, and its derivatives.
    pub fn finish(&mut self) -> (f64, &Slopes) {
        self.slopes.radius = self.patch_loss.radius_slope(&self.hinges);
        (self.patch_loss.value(&self.hinges), &self.slopes)
    }
}

/// About where the descriptors of a picture lie.
fn mean_of_some(phi: &ArrayRef2<f32>) -> Result<Vec<f32>, BrokenInvariant> {
    let some = phi.slice_axis(Axis(0), Slice::new(0, None, SAMPLE_STEP));
    let mean = some.mean_axis(Axis(0));
    Ok(mean
        .ok_or(BrokenInvariant("a picture has descriptors"))?
        .to_vec())
}

#[cfg(test)]
mod tests;
