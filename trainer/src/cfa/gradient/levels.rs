//! φ of one picture and the way back, one row per position.

use cfa_runtime::BrokenInvariant;
use ndarray::{Array2, ArrayView2, Axis, ErrorKind, ShapeError, Slice};
use rayon::prelude::*;

use super::layer::{GradientError, Slopes, Weights, values_of};
use super::product::multiply;
use super::upsampling::{MapSize, Upsampling, add_scaled};
use crate::network::coordinate;

/// Shapes of a picture's pooled maps, and φ between being computed and being
/// differentiated.
#[derive(Debug)]
pub(super) struct Levels {
    /// Channels, rows and columns of each map.
    shapes: [[usize; 3]; 3],
    /// The upsamplings of the second and third map.
    upsamplings: [Upsampling; 2],
    /// φ (h·w × D), later ∂L/∂φ.
    pub(super) phi: Array2<f32>,
    /// Products of the second and third map at their own resolution, later their gradients.
    small: [Array2<f32>; 2],
}

impl Levels {
    pub(super) fn new(shapes: [[usize; 3]; 3], channels: usize) -> Self {
        let size = |level: usize| -> MapSize { (shapes[level][1], shapes[level][2]) };
        let room = |level: usize| Array2::zeros((size(level).0 * size(level).1, channels));
        Self {
            shapes,
            upsamplings: [1, 2].map(|level| Upsampling::new(size(level), size(0))),
            phi: room(0),
            small: [room(1), room(2)],
        }
    }

    /// The maps (C×h·w each) in the stored features of one picture.
    fn maps<'a>(&self, features: &'a [f32]) -> Result<[ArrayView2<'a, f32>; 3], ShapeError> {
        let mut rest = features;
        let mut map = |[c, h, w]: [usize; 3]| {
            let (values, tail) = rest.split_at(rest.len().min(c * h * w));
            rest = tail;
            ArrayView2::from_shape((c, h * w), values)
        };
        let [first, second, third] = self.shapes;
        let maps = [map(first)?, map(second)?, map(third)?];
        if rest.is_empty() {
            return Ok(maps);
        }
        Err(ShapeError::from_kind(ErrorKind::OutOfBounds))
    }

    /// Fills `phi`.
    pub(super) fn forward(
        &mut self,
        features: &[f32],
        weights: &Weights,
    ) -> Result<(), GradientError> {
        let (maps, columns) = (self.maps(features)?, self.columns());
        let [second, third] = &mut self.small;
        let targets = [&mut self.phi, second, third];
        for ((map, target), columns) in maps.iter().zip(targets).zip(columns) {
            let weight = weights.weight.slice_axis(Axis(1), columns);
            multiply(&map.t(), &weight.t(), 0.0, target.view_mut());
        }
        Ok(self.add_the_rest(weights)?)
    }

    /// Bias, coordinates, and the upsampled products of the smaller maps.
    fn add_the_rest(&mut self, weights: &Weights) -> Result<(), BrokenInvariant> {
        let [_, height, width] = self.shapes[0];
        let channels = self.phi.ncols();
        let [by_row, by_column] = weights.coordinate_columns();
        let [second, third] = &mut self.small;
        let small = [&*values_of(second)?, &*values_of(third)?];
        let upsamplings = &self.upsamplings;
        values_of(&mut self.phi)?
            .par_chunks_mut(width * channels)
            .enumerate()
            .for_each_init(Vec::new, |scratch, (row, line)| {
                for (column, position) in line.chunks_exact_mut(channels).enumerate() {
                    add_scaled(position, 1.0, &weights.bias);
                    add_scaled(position, coordinate(row, height), &by_row);
                    add_scaled(position, coordinate(column, width), &by_column);
                }
                for (map, upsampling) in small.iter().zip(upsamplings) {
                    upsampling.add_row((map, channels), row, line, scratch);
                }
            });
        Ok(())
    }

    /// Adds the slopes of weight and bias, after `phi` was replaced by ∂L/∂φ.
    pub(super) fn backward(
        &mut self,
        features: &[f32],
        slopes: &mut Slopes,
    ) -> Result<(), GradientError> {
        let maps = self.maps(features)?;
        let channels = self.phi.ncols();
        let large = &*values_of(&mut self.phi)?;
        for (small, upsampling) in self.small.iter_mut().zip(&self.upsamplings) {
            upsampling.adjoint((large, channels), values_of(small)?);
        }
        let [second, third] = &self.small;
        let gradients = [&self.phi, second, third];
        for ((map, gradient), columns) in maps.iter().zip(gradients).zip(self.columns()) {
            let into = slopes.weight.slice_axis_mut(Axis(1), columns);
            multiply(&gradient.t(), &map.t(), 1.0, into);
        }
        let coordinates = self.coordinates();
        let first = slopes.weight.ncols() - 2;
        let into = slopes.weight.slice_axis_mut(Axis(1), Slice::from(first..));
        multiply(&self.phi.t(), &coordinates.view(), 1.0, into);
        slopes.bias += &self.phi.sum_axis(Axis(0));
        Ok(())
    }

    /// The columns of the weight that belong to each map.
    fn columns(&self) -> [Slice; 3] {
        let [c1, c2, c3] = self.shapes.map(|[channels, ..]| channels);
        [0..c1, c1..c1 + c2, c1 + c2..c1 + c2 + c3].map(Slice::from)
    }

    /// Row and column coordinate of each position (h·w × 2).
    fn coordinates(&self) -> Array2<f32> {
        let [_, height, width] = self.shapes[0];
        Array2::from_shape_fn((height * width, 2), |(position, which)| match which {
            0 => coordinate(position / width, height),
            _ => coordinate(position % width, width),
        })
    }
}
