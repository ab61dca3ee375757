//! What must hold for any file of weights.

use std::collections::BTreeMap;

use half::{bf16, f16};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};

use super::super::{Document, Weights};
use super::{PLAIN, assemble, fixture_bytes};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// The bytes of values in one type, and the values that they stand for.
fn stored(dtype: Dtype, values: &[f32]) -> (Vec<u8>, Vec<f32>) {
    let pairs = values.iter().map(|&value| match dtype {
        Dtype::F16 => {
            let half = f16::from_f32(value);
            (half.to_le_bytes().to_vec(), half.to_f32())
        }
        Dtype::BF16 => {
            let half = bf16::from_f32(value);
            (half.to_le_bytes().to_vec(), half.to_f32())
        }
        Dtype::F64 => (f64::from(value).to_le_bytes().to_vec(), value),
        _ => (value.to_le_bytes().to_vec(), value),
    });
    let (bytes, values): (Vec<_>, Vec<_>) = pairs.unzip();
    (bytes.concat(), values)
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn safetensors_files_give_shapes_and_values_back(
        tensors in vec((0_usize..4, vec(0_usize..4, 0..4), -9.0_f32..9.0), 1..6),
    ) {
        let dtypes = [Dtype::F32, Dtype::F16, Dtype::BF16, Dtype::F64];
        let mut expected = BTreeMap::new();
        for (index, (dtype, shape, first)) in tensors.into_iter().enumerate() {
            let values: Vec<f32> = (0..shape.iter().product()).map(|at: usize| first + at as f32 / 8.0).collect();
            let (bytes, values) = stored(dtypes[dtype], &values);
            expected.insert(format!("layer.{index}"), (dtypes[dtype], shape, bytes, values));
        }
        let views = expected.iter().map(|(name, (dtype, shape, bytes, _))| {
            (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        });
        let file = serialize(views, None).unwrap();
        let read = Weights::from_bytes("any.safetensors", &file).unwrap();
        prop_assert_eq!(read.tensors.len(), expected.len());
        for (name, (_, shape, _, values)) in expected {
            let tensor = read.tensor(&name).unwrap();
            prop_assert_eq!(&tensor.shape, &shape);
            prop_assert_eq!(&tensor.values, &values);
        }
    }

    /// A tensor is a window on a storage: each value lies where offset and strides say.
    #[test]
    fn values_lie_where_the_strides_say(
        axes in vec((1_usize..4, 0_usize..5), 0..4),
        offset in 0_usize..5,
        missing in 0_usize..2,
    ) {
        let reach: usize = axes.iter().map(|(size, stride)| (size - 1) * stride).sum();
        let count = offset + reach + 1 - missing;
        let values: Vec<u8> = (0..count).flat_map(|at| (at as f32).to_le_bytes()).collect();
        let numbers = |numbers: Vec<usize>| numbers.into_iter().map(|number| number as i32).collect::<Vec<_>>();
        let (shape, strides): (Vec<_>, Vec<_>) = axes.iter().copied().unzip();
        let storage = assemble::storage("FloatStorage", "0", count as i32);
        let table = assemble::table(&storage, offset as i32, &numbers(shape.clone()), &numbers(strides));
        // A file may be asked for as many values as it has bytes, which these small ones are.
        let read = Weights::from_bytes("any.pth", &assemble::checkpoint(&table, &values));
        if missing > 0 {
            prop_assert!(read.is_err(), "the last value is missing");
            return Ok(());
        }
        let mut expected = vec![offset];
        for (size, stride) in axes {
            let steps = |&start: &usize| (0..size).map(move |step| start + step * stride);
            expected = expected.iter().flat_map(steps).collect();
        }
        let expected: Vec<f32> = expected.into_iter().map(|at| at as f32).collect();
        let read = read.unwrap();
        let tensor = read.tensor("weight").unwrap();
        prop_assert_eq!(&tensor.values, &expected);
        prop_assert_eq!(&tensor.shape, &shape);
    }

    /// Wrong bytes in a file of torch bring an error or other values, and never a panic, nor
    /// more values than the file has bytes.
    #[test]
    fn wrong_bytes_never_panic(
        file in 0..PLAIN.len(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut bytes = fixture_bytes(PLAIN[file]);
        for (place, byte) in wrong {
            // The pickles lie at the beginning.
            let place = place.index(bytes.len().min(2000));
            bytes[place] = byte;
        }
        if let Ok(weights) = Weights::from_bytes("wrong.pth", &bytes) {
            let values: usize = weights.tensors.values().map(|tensor| tensor.values.len()).sum();
            prop_assert!(values <= bytes.len());
            for tensor in weights.tensors.values() {
                prop_assert_eq!(tensor.values.len(), tensor.shape.iter().product::<usize>());
            }
        }
        if let Ok(document) = Document::open(&bytes) {
            let root = document.root();
            let _ = (document.tensors(root).is_ok(), root.kind(), root.items().len());
        }
    }
}
