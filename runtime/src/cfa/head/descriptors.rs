//! The descriptors of a picture, put together from the levels of the network.
//!
//! The descriptor is linear in the backbone's feature maps, and each of these has a
//! resolution of its own. So the network gives one product a map, at that map's
//! resolution; here they are upsampled and added, with the share of the coordinates.
//! In the frame that the trainer chose, the finest map reaches the first channels
//! alone, the next one some more, and only the coarsest all of them.

use ndarray::{Array2, ArrayView3};
use pulp::{Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::HeadError;
use crate::cfa::anomaly_map::Blend;
use crate::cfa::memory_bank::DescriptorRows;
use crate::simd::add_scaled;

/// The shape of one level: height × width × channels, channels last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Leading channels of a descriptor that this level adds to.
    pub channels: usize,
}

/// How the descriptors of a picture come from its levels.
#[derive(Debug, Clone)]
pub struct Descriptors {
    /// From the finest to the coarsest, at least one.
    shapes: Vec<LevelShape>,
    /// The channels of the coarsest level.
    channels: usize,
    /// Two rows: what one unit of the row coordinate and of the column coordinate adds
    /// to the leading channels.
    coordinates: Array2<f32>,
    /// The two rows of `coordinates`, each as one slice.
    added_by_coordinates: [Vec<f32>; 2],
    /// Which rows and columns of each level a position reads.
    blends: Vec<[Vec<Blend>; 2]>,
}

impl Descriptors {
    /// `shapes` from the finest level, which gives the positions, to the coarsest,
    /// which has all channels; none finer or with fewer channels than the one before.
    /// `coordinates` has two rows (CoordConv, arXiv 1807.03247: −1…1 down, −1…1 across)
    /// and no more columns than there are channels.
    pub fn new(shapes: Vec<LevelShape>, coordinates: &Array2<f32>) -> Result<Self, HeadError> {
        let ordered = |pair: &[LevelShape]| {
            let [fine, coarse] = pair else { return false };
            fine.height >= coarse.height
                && fine.width >= coarse.width
                && fine.channels <= coarse.channels
        };
        let whole = |shape: &LevelShape| shape.height > 0 && shape.width > 0 && shape.channels > 0;
        let fits = shapes.windows(2).all(ordered) && shapes.iter().all(whole);
        let ends = shapes.first().copied().zip(shapes.last().copied());
        let fit = |&(_, coarsest): &(LevelShape, LevelShape)| {
            fits && coordinates.nrows() == 2 && coordinates.ncols() <= coarsest.channels
        };
        let Some((finest, coarsest)) = ends.filter(fit) else {
            return Err(HeadError::Levels {
                shapes,
                coordinates: coordinates.dim().into(),
            });
        };
        let blends = shapes.iter().map(|shape| {
            let rows = Blend::all(shape.height, finest.height);
            [rows, Blend::all(shape.width, finest.width)]
        });
        Ok(Self {
            blends: blends.collect(),
            coordinates: coordinates.clone(),
            added_by_coordinates: [0, 1].map(|axis| coordinates.row(axis).to_vec()),
            channels: coarsest.channels,
            shapes,
        })
    }

    /// Descriptors that are there already, as one level without coordinates.
    pub fn whole(shape: LevelShape) -> Result<Self, HeadError> {
        Self::new(vec![shape], &Array2::zeros((2, 0)))
    }

    /// The shapes of the levels, the finest first.
    #[must_use]
    pub fn shapes(&self) -> &[LevelShape] {
        &self.shapes
    }

    /// The weights of the coordinates.
    pub(super) fn coordinates(&self) -> &Array2<f32> {
        &self.coordinates
    }

    /// Rows and columns of descriptors.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.shapes[0].height, self.shapes[0].width)
    }

    /// Length of a descriptor.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// The descriptors of one picture; its levels must have the declared shapes.
    pub(super) fn for_picture<'a>(
        &'a self,
        levels: &'a [ArrayView3<'a, f32>],
    ) -> Result<PictureDescriptors<'a>, HeadError> {
        let found: Vec<[usize; 3]> = levels.iter().map(|level| level.dim().into()).collect();
        let shapes = self.shapes.iter();
        let expected: Vec<_> = shapes.map(|s| [s.height, s.width, s.channels]).collect();
        if found != expected {
            return Err(HeadError::FeatureShape { expected, found });
        }
        let slices = levels
            .iter()
            .map(|level| level.to_slice().ok_or(HeadError::Layout));
        Ok(PictureDescriptors {
            parts: self,
            levels: slices.collect::<Result<_, _>>()?,
        })
    }
}

/// The descriptors of one picture, made where they are asked for.
#[derive(Debug)]
pub(super) struct PictureDescriptors<'a> {
    parts: &'a Descriptors,
    levels: Vec<&'a [f32]>,
}

impl DescriptorRows for PictureDescriptors<'_> {
    fn positions(&self) -> usize {
        let (height, width) = self.parts.size();
        height * width
    }

    fn channels(&self) -> usize {
        self.parts.channels()
    }

    fn fill(&self, first: usize, rows: &mut [f32]) {
        pulp::Arch::new().dispatch(Fill {
            picture: self,
            first,
            rows,
        });
    }
}

struct Fill<'a> {
    picture: &'a PictureDescriptors<'a>,
    first: usize,
    rows: &'a mut [f32],
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let parts = self.picture.parts;
        let (height, width) = parts.size();
        let rows = self.rows.chunks_exact_mut(parts.channels());
        for (position, row) in (self.first..).zip(rows) {
            let (y, x) = (position / width, position % width);
            for (index, level) in self.picture.levels.iter().enumerate().rev() {
                let corners = Corners::around(parts, index, level, (y, x));
                let coarsest = index + 1 == parts.shapes.len();
                corners.add_to(simd, row, coarsest);
            }
            let at = [coordinate(y, height), coordinate(x, width)];
            let [along_rows, along_columns] = &parts.added_by_coordinates;
            add_scaled(simd, along_rows, at[0], row);
            add_scaled(simd, along_columns, at[1], row);
        }
    }
}

/// The coordinate of position `i` of `n` (CoordConv, arXiv 1807.03247): −1…1, and −1 where
/// there is one alone.
#[must_use]
pub fn coordinate(i: usize, n: usize) -> f32 {
    if n == 1 {
        return -1.0;
    }
    (2.0 * i as f64 / (n - 1) as f64 - 1.0) as f32
}

/// The four samples of a level around a position, with their weights.
struct Corners<'a> {
    samples: [&'a [f32]; 4],
    weights: [f32; 4],
}

impl<'a> Corners<'a> {
    #[inline(always)]
    fn around(parts: &Descriptors, index: usize, level: &'a [f32], (y, x): (usize, usize)) -> Self {
        let shape = parts.shapes[index];
        let [rows, columns] = &parts.blends[index];
        let (row, column) = (&rows[y], &columns[x]);
        let sample =
            |y: usize, x: usize| &level[(y * shape.width + x) * shape.channels..][..shape.channels];
        let (low, right) = (row.share_of_high, column.share_of_high);
        Self {
            samples: [
                sample(row.low, column.low),
                sample(row.low, column.high),
                sample(row.high, column.low),
                sample(row.high, column.high),
            ],
            weights: [
                (1.0 - low) * (1.0 - right),
                (1.0 - low) * right,
                low * (1.0 - right),
                low * right,
            ],
        }
    }

    /// Adds the blend to the leading channels, or begins the row with it.
    #[inline(always)]
    fn add_to<S: Simd>(&self, simd: S, row: &mut [f32], begins: bool) {
        if begins {
            row.fill(0.0);
        }
        // The finest level is not upsampled: one sample has all of the weight.
        if self.weights[0] >= 1.0 {
            return add_scaled(simd, self.samples[0], 1.0, row);
        }
        let row = &mut row[..self.samples[0].len()];
        let weights = self.weights.map(|weight| simd.splat_f32s(weight));
        let [a, b, c, d] = self.samples.map(|sample| S::as_simd_f32s(sample));
        let (vectors, rest) = S::as_mut_simd_f32s(row);
        let corners = a.0.iter().zip(b.0).zip(c.0.iter().zip(d.0));
        for (sum, ((a, b), (c, d))) in vectors.iter_mut().zip(corners) {
            let upper = simd.mul_add_e_f32s(*a, weights[0], *sum);
            let upper = simd.mul_add_e_f32s(*b, weights[1], upper);
            let lower = simd.mul_f32s(*c, weights[2]);
            let lower = simd.mul_add_e_f32s(*d, weights[3], lower);
            *sum = simd.add_f32s(upper, lower);
        }
        let corners = a.1.iter().zip(b.1).zip(c.1.iter().zip(d.1));
        let [wa, wb, wc, wd] = self.weights;
        for (sum, ((a, b), (c, d))) in rest.iter_mut().zip(corners) {
            *sum += a * wa + b * wb + (c * wc + d * wd);
        }
    }
}
