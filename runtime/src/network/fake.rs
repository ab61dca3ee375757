//! A network that needs no ONNX Runtime, for tests of everything around it under tools that
//! cannot follow ONNX Runtime.

use ndarray::{ArrayRef4, Axis};

use super::compute::Compute;
use super::error::NetworkError;
use super::network_options::NetworkOptions;
use super::opened_network::Network;
use super::outputs::{NetworkOutputs, Values};
use super::provider::Provider;
use super::providers::{Precision, SelectedProvider};
use super::warnings::Warnings;
use crate::cancellation::Cancellation;
use crate::invariant::BrokenInvariant;
use crate::signature::NetworkOutput;

impl Network {
    /// A network that returns means of the picture instead of descriptors. It reports the
    /// provider and precision of a network on the processor.
    pub(crate) fn fake(options: &NetworkOptions) -> Self {
        let selected = SelectedProvider {
            provider: Provider::Cpu,
            device: None,
            precision: Precision::F32,
            refusals: Vec::new(),
        };
        let means = Means(options.outputs.clone());
        Self::computed_by(Box::new(means), Warnings::default(), selected)
    }
}

/// Computes outputs of these shapes. Each value is the mean of one channel of the part of the
/// picture below it, so every run gives the same bits.
#[derive(Debug)]
struct Means(Vec<NetworkOutput>);

impl Compute for Means {
    fn compute(
        &mut self,
        input: &ArrayRef4<f32>,
        _cancellation: Option<&Cancellation>,
    ) -> Result<NetworkOutputs, NetworkError> {
        let outputs = self.0.iter().map(|one| means(one.shape, input));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        Ok(NetworkOutputs::new(outputs))
    }
}

impl Values for Vec<f32> {
    fn values(&self) -> &[f32] {
        self
    }
}

fn means(
    [rows, columns, values]: [usize; 3],
    input: &ArrayRef4<f32>,
) -> Result<(Vec<f32>, [usize; 4]), BrokenInvariant> {
    let (pictures, channels, height, width) = input.dim();
    let mut all = Vec::with_capacity(pictures * rows * columns * values);
    for picture in input.outer_iter() {
        for (row, column) in cells(rows, columns) {
            for value in 0..values {
                let channel = picture.index_axis(Axis(0), value % channels);
                let y = pixels_below(row, rows, height);
                let x = pixels_below(column, columns, width);
                let rows = channel.slice_axis(Axis(0), y.into());
                let part = rows.slice_axis(Axis(1), x.into());
                let mean = part.mean().ok_or(BrokenInvariant("a picture has pixels"))?;
                // Values must differ, or descriptors would have no direction.
                all.push(mean * (1.0 + value as f32 / values as f32));
            }
        }
    }
    Ok((all, [pictures, rows, columns, values]))
}

fn cells(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

/// The pixels that lie below one of `cells`, at least one.
fn pixels_below(cell: usize, cells: usize, pixels: usize) -> std::ops::Range<usize> {
    let first = cell * pixels / cells;
    first..((cell + 1) * pixels / cells).max(first + 1)
}
