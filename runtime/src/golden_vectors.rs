//! Reference results for tests, read from the golden folder beside the checkout.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "for tests only")]

use std::path::PathBuf;

use ndarray::{ArrayD, ArrayRef2, IxDyn};
use safetensors::{Dtype, SafeTensors};

/// One golden file.
pub(crate) struct GoldenVectors(Vec<u8>);

impl GoldenVectors {
    /// `None`, with a message, where the golden folder is not at hand.
    pub(crate) fn open(name: &str) -> Option<Self> {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/golden"));
        let path = folder.join(name);
        if !path.exists() {
            eprintln!("skipped: {} is missing", path.display());
            return None;
        }
        Some(Self(std::fs::read(path).unwrap()))
    }

    /// Shape and data of a `u8` tensor by its name.
    pub(crate) fn bytes(&self, name: &str) -> (Vec<usize>, Vec<u8>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), Dtype::U8, "{name}");
        (tensor.shape().to_vec(), tensor.data().to_vec())
    }

    /// An `f32` tensor by its name.
    pub(crate) fn tensor(&self, name: &str) -> ArrayD<f32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), Dtype::F32, "{name}");
        let (values, _) = tensor.data().as_chunks::<4>();
        let values = values
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        ArrayD::from_shape_vec(IxDyn(tensor.shape()), values).unwrap()
    }
}

/// Asserts that the largest difference, relative to the largest expected value,
/// is within `tolerance`; prints it, for those who wonder how tight it is.
pub(crate) fn assert_close(
    name: &str,
    found: &ArrayRef2<f32>,
    expected: &ArrayRef2<f32>,
    tolerance: f32,
) {
    assert_eq!(found.dim(), expected.dim(), "{name}");
    let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    let errors = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let error = errors.fold(0.0_f32, |a, b| if b > a || b.is_nan() { b } else { a }) / largest;
    eprintln!("{name}: error {error:.2e} of the maximum, tolerance {tolerance:.0e}");
    assert!(
        error <= tolerance,
        "{name}: error {error:.2e} above {tolerance:.0e}"
    );
}
