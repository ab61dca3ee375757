//! Upsampling and blur in one step.
//!
//! Both are linear and treat rows and columns alike, so the map is A·S·Bᵀ for the
//! scores S of the positions. A row of A or B has few weights that are not 0, all
//! beside each other, so nothing of the map's size is made but the map.

use ndarray::{Array2, ArrayRef2, ArrayView2};
use pulp::{Arch, Simd, WithSimd};

use super::upsample::Blend;
use super::{BlurError, GaussianBlur};
use crate::invariant::BrokenInvariant;
use crate::preprocess::Size;
use crate::row_major::RowMajor;

/// Makes maps of one size from scores of one size: what [`upsample_bilinear`] and
/// [`GaussianBlur::apply`] give one after the other, to within rounding.
///
/// [`upsample_bilinear`]: super::upsample_bilinear
#[derive(Debug, Clone)]
pub struct Smoothing {
    rows: Band,
    columns: Band,
}

impl Smoothing {
    /// From `scores` to `map` samples a side, none 0; both sides of the map must be
    /// above the radius of the blur.
    pub fn new(scores: Size, map: Size, blur: &GaussianBlur) -> Result<Self, BlurError> {
        blur.check_size(map.height, map.width)?;
        Ok(Self {
            rows: Band::new(scores.height, map.height, blur)?,
            columns: Band::new(scores.width, map.width, blur)?,
        })
    }

    /// The size of the maps.
    #[must_use]
    pub fn map_size(&self) -> Size {
        Size {
            height: self.rows.outputs.len(),
            width: self.columns.outputs.len(),
        }
    }

    /// The weights of one direction as a matrix, outputs × inputs.
    #[must_use]
    pub fn rows_matrix(&self) -> Array2<f32> {
        self.rows.matrix()
    }

    /// The weights of columns.
    #[must_use]
    pub fn columns_matrix(&self) -> Array2<f32> {
        self.columns.matrix()
    }

    /// The map of `scores`. NaN spreads as far as the blur reaches.
    ///
    /// # Errors
    /// The scores do not have the declared size.
    pub fn apply(&self, scores: &ArrayRef2<f32>) -> Result<Array2<f32>, BlurError> {
        let expected = (self.rows.inputs, self.columns.inputs);
        if scores.dim() != expected {
            let found = scores.dim();
            return Err(BlurError::Scores { expected, found });
        }
        let wide = self.columns.apply(&scores.t())?;
        Ok(self.rows.apply(&wide.t())?)
    }
}

/// For each output the first input that counts, and the weights from there on.
#[derive(Debug, Clone)]
struct Band {
    inputs: usize,
    outputs: Vec<(usize, Vec<f32>)>,
}

impl Band {
    fn new(inputs: usize, outputs: usize, blur: &GaussianBlur) -> Result<Self, BrokenInvariant> {
        let blends = Blend::all(inputs, outputs);
        let sources = blur.sources(outputs);
        let output = |o: usize| {
            let mut weights = vec![0.0_f64; inputs];
            for (&tap, &source) in blur.taps().iter().zip(&sources[o..]) {
                let blend = &blends[source];
                let (tap, high) = (f64::from(tap), f64::from(blend.share_of_high));
                weights[blend.low] += tap * (1.0 - high);
                weights[blend.high] += tap * high;
            }
            let counts = |weight: &f64| *weight != 0.0;
            // Without a weight the whole row of the map would be 0, which passes every part.
            let ends = weights
                .iter()
                .position(counts)
                .zip(weights.iter().rposition(counts));
            let (first, last) = ends.ok_or(BrokenInvariant("a blur weighs at least one score"))?;
            let weights = weights[first..=last].iter().map(|&w| w as f32);
            Ok((first, weights.collect()))
        };
        Ok(Self {
            inputs,
            outputs: (0..outputs).map(output).collect::<Result<_, _>>()?,
        })
    }

    fn matrix(&self) -> Array2<f32> {
        let mut matrix = Array2::zeros((self.outputs.len(), self.inputs));
        for (mut row, (first, weights)) in matrix.rows_mut().into_iter().zip(&self.outputs) {
            for (offset, &weight) in weights.iter().enumerate() {
                row[first + offset] = weight;
            }
        }
        matrix
    }

    /// Weighted sums of the rows of `values`, inputs × n, to outputs × n.
    fn apply(&self, values: &ArrayView2<'_, f32>) -> Result<Array2<f32>, BrokenInvariant> {
        let width = values.ncols();
        let outputs = &self.outputs;
        let values = RowMajor::from_array(values.as_standard_layout().into_owned())
            .ok_or(BrokenInvariant("a map has columns"))?;
        let mut sums = vec![0.0; outputs.len() * width];
        Arch::new().dispatch(WeightedSums {
            values: values.values(),
            width,
            outputs,
            sums: &mut sums,
        });
        Array2::from_shape_vec((outputs.len(), width), sums)
            .map_err(|_shape| BrokenInvariant("a map has one value for each of its pixels"))
    }
}

struct WeightedSums<'a> {
    values: &'a [f32],
    width: usize,
    outputs: &'a [(usize, Vec<f32>)],
    sums: &'a mut [f32],
}

impl WithSimd for WeightedSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.sums.chunks_exact_mut(self.width.max(1));
        for (sums, (first, weights)) in rows.zip(self.outputs) {
            let inputs = self.values[first * self.width..].chunks_exact(self.width.max(1));
            for (values, &weight) in inputs.zip(weights) {
                crate::simd::add_scaled(simd, values, weight, sums);
            }
        }
    }
}
