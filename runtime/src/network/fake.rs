//! A network that needs no ONNX Runtime: for tests of everything around it, under tools
//! that cannot follow ONNX Runtime.

use ndarray::{Array4, ArrayRef4, Axis};

use super::ort_session::{ComputedBy, Computer};
use super::warnings::Warnings;
use super::{Network, NetworkOptions, NetworkOutput};
use crate::cores::Helpers;
use crate::network::{NetworkOutputs, Precision, Provider};

impl Network {
    /// Answers with means of the picture instead of a network's descriptors; says of itself
    /// what is true of one on the processor.
    pub(crate) fn standing_in(options: &NetworkOptions) -> Self {
        Self {
            computer: Computer::StandIn,
            helpers: Helpers::default(),
            options: options.clone(),
            warnings: Warnings::default(),
            computed_by: ComputedBy {
                provider: Provider::Cpu,
                device: None,
                precision: Precision::F32,
                refusals: Vec::new(),
            },
        }
    }
}

/// Shapes are those of the options: `N × rows × columns × values`, each value the mean of
/// one channel of the part of the picture below it, the same every time.
pub(super) fn outputs(outputs: &[NetworkOutput], input: &ArrayRef4<f32>) -> NetworkOutputs {
    outputs.iter().map(|one| means(one.shape, input)).collect()
}

fn means([rows, columns, values]: [usize; 3], input: &ArrayRef4<f32>) -> Array4<f32> {
    let (pictures, channels, height, width) = input.dim();
    let below = |cell: usize, cells: usize, pixels: usize| {
        let first = cell * pixels / cells;
        first..((cell + 1) * pixels / cells).max(first + 1)
    };
    Array4::from_shape_fn(
        (pictures, rows, columns, values),
        |(n, row, column, value)| {
            let (y, x) = (below(row, rows, height), below(column, columns, width));
            let picture = input.index_axis(Axis(0), n);
            let channel = picture.index_axis(Axis(0), value % channels);
            let rows = channel.slice_axis(Axis(0), y.into());
            let part = rows.slice_axis(Axis(1), x.into());
            // Not all values alike, or there would be no direction to tell descriptors apart by.
            part.mean().unwrap_or_default() * (1.0 + value as f32 / values as f32)
        },
    )
}
