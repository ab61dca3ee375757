//! One tensor of the file: what it should be, and what it holds.

use ndarray::Array2;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::digest::sha256_hex;
use super::{BundleProblem, Part, PartType};
use crate::picture::Picture;

/// A named tensor, its length already matching its type and shape.
pub(super) struct Tensor<'n, 'a> {
    pub(super) name: &'n str,
    pub(super) view: &'a TensorView<'a>,
}

impl PartType {
    /// Translates the type into safetensors' terms.
    pub(super) fn dtype(self) -> Dtype {
        match self {
            Self::U8 => Dtype::U8,
            Self::F32 => Dtype::F32,
        }
    }
}

impl Tensor<'_, '_> {
    pub(super) fn data(&self) -> &[u8] {
        self.view.data()
    }

    /// Refuses a tensor that is not as the manifest lists it.
    pub(super) fn expect(&self, listed: &Part) -> Result<(), BundleProblem> {
        self.expect_layout(listed.dtype, &listed.shape)?;
        if self.data().len() as u64 != listed.bytes {
            return Err(self.unlike(format!("{} bytes long", listed.bytes)));
        }
        if sha256_hex(self.data()) != listed.sha256 {
            return Err(BundleProblem::PartDamaged {
                name: self.name.to_owned(),
            });
        }
        Ok(())
    }

    pub(super) fn expect_layout(
        &self,
        dtype: PartType,
        shape: &[usize],
    ) -> Result<(), BundleProblem> {
        if (self.view.dtype(), self.view.shape()) == (dtype.dtype(), shape) {
            return Ok(());
        }
        Err(self.unlike(format!("{dtype:?} {shape:?}")))
    }

    /// Refuses all but a plain run of bytes.
    pub(super) fn expect_bytes(&self) -> Result<(), BundleProblem> {
        match (self.view.dtype(), self.view.shape()) {
            (Dtype::U8, [_]) => Ok(()),
            _ => Err(self.unlike("U8 [bytes]")),
        }
    }

    /// Rows × columns of numbers.
    pub(super) fn matrix(&self) -> Result<Array2<f32>, BundleProblem> {
        let (Dtype::F32, &[rows, columns]) = (self.view.dtype(), self.view.shape()) else {
            return Err(self.unlike("F32 [rows, columns]"));
        };
        let (numbers, _) = self.data().as_chunks();
        let values = numbers
            .iter()
            .map(|&number| f32::from_le_bytes(number))
            .collect();
        Array2::from_shape_vec((rows, columns), values)
            .map_err(|_overflow| self.unlike("a matrix that fits in memory"))
    }

    /// An 8-bit RGB picture.
    pub(super) fn picture(&self) -> Result<Picture, BundleProblem> {
        let (Dtype::U8, &[height, width, 3]) = (self.view.dtype(), self.view.shape()) else {
            return Err(self.unlike("U8 [height, width, 3]"));
        };
        let (Ok(width_px), Ok(height_px)) = (u32::try_from(width), u32::try_from(height)) else {
            return Err(self.unlike("a picture that fits in memory"));
        };
        Picture::from_rgb8(width_px, height_px, self.data().to_vec())
            .map_err(|_empty| self.unlike("a picture of at least one pixel"))
    }

    fn unlike(&self, expected: impl Into<String>) -> BundleProblem {
        let (dtype, shape) = (self.view.dtype(), self.view.shape());
        BundleProblem::PartLayout {
            name: self.name.to_owned(),
            expected: expected.into(),
            found: format!("{dtype:?} {shape:?} in {} bytes", self.data().len()),
        }
    }
}
