//! Files that torch and safetensors wrote. All values are exact in every dtype, so they
//! are compared for equality.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, TensorView};

use super::super::{WeightTensor, Weights};
use super::assemble::{global, int, storage, stream, table, text, tuple};
use super::{PLAIN, fixture, repository};

fn base(index: usize) -> f32 {
    index as f32 / 4.0 - 2.0
}

fn eighth(index: usize) -> f32 {
    index as f32 / 8.0 - 0.25
}

fn tensor(shape: &[usize], values: impl IntoIterator<Item = f32>) -> WeightTensor {
    WeightTensor {
        shape: shape.to_vec(),
        values: values.into_iter().collect(),
    }
}

/// The tensors that `plain()` of `make_fixtures.py` saves, without integers and booleans.
fn plain() -> BTreeMap<String, WeightTensor> {
    let tensors = [
        ("contiguous", tensor(&[2, 3, 4], (0..24).map(base))),
        (
            "transposed",
            tensor(&[6, 4], (0..24).map(|i| base(i % 4 * 6 + i / 4))),
        ),
        ("window", tensor(&[2, 3], [8, 9, 10, 14, 15, 16].map(base))),
        ("stepped", tensor(&[5], [1, 6, 11, 16, 21].map(base))),
        ("expanded", tensor(&[2, 3], [5; 6].map(base))),
        ("scalar", tensor(&[], [1.5])),
        ("empty", tensor(&[0, 3], [])),
        ("half", tensor(&[2, 3], (0..6).map(eighth))),
        ("bfloat16", tensor(&[3, 2], (0..6).map(eighth))),
        ("double", tensor(&[4], (0..4).map(eighth))),
        ("parameter", tensor(&[2], [0.5, -0.5])),
    ];
    tensors
        .map(|(name, tensor)| (name.to_owned(), tensor))
        .into()
}

#[test]
fn every_layout_and_kind_of_a_torch_file_is_read() {
    for file in PLAIN {
        let weights = Weights::read(&fixture(file)).unwrap();
        assert_eq!(weights.tensors, plain(), "{file}");
        assert_eq!(weights.file_name, file);
    }
}

#[test]
fn a_nested_table_and_a_device_prefix_are_seen_through() {
    for file in ["nested_zip.pth", "prefixed_legacy.pth"] {
        let weights = Weights::read(&fixture(file)).unwrap();
        let expected = [
            "0.bias",
            "0.weight",
            "1.bias",
            "1.running_mean",
            "1.running_var",
            "1.weight",
        ];
        assert_eq!(weights.names().collect::<Vec<_>>(), expected, "{file}");
        assert_eq!(
            weights.tensor("0.weight"),
            Some(&tensor(&[1, 1, 1, 1], [0.75]))
        );
        assert_eq!(weights.tensor("0.bias"), Some(&tensor(&[1], [-0.75])));
    }
}

/// The oldest torchvision files: byte-string names, pairs in a list, `_rebuild_tensor`,
/// and `Parameter` with attributes.
#[test]
fn a_table_as_python_2_wrote_it_is_read() {
    let shape = |n| tuple(&[int(n)]);
    let arguments = tuple(&[storage("FloatStorage", "0", 2), int(0), shape(2), shape(1)]);
    let made = [
        global("torch._utils", "_rebuild_tensor"),
        arguments,
        b"R".to_vec(),
    ]
    .concat();
    let class = global("torch.nn.parameter", "Parameter");
    let parameter = [class, tuple(&[made]), b"R\x88\x89N\x87b".to_vec()].concat();
    let pair = [&b"](U\x06weight"[..], &parameter, b"e"].concat();
    let body = [
        &global("collections", "OrderedDict")[..],
        b"](",
        &pair,
        b"e\x85R",
    ]
    .concat();
    let values = [1.5_f32, -2.5].map(f32::to_le_bytes).concat();
    let weights = Weights::from_bytes("old.pth", &stream(&body, true, 2, &values)).unwrap();
    assert_eq!(
        weights.tensors,
        BTreeMap::from([("weight".to_owned(), tensor(&[2], [1.5, -2.5]))])
    );
}

#[test]
fn safetensors_are_read_and_converted() {
    let f32s = [0.5_f32, -1.5].map(f32::to_le_bytes).concat();
    let f16s = [half::f16::from_f32(0.25), half::f16::from_f32(-8.0)]
        .map(half::f16::to_le_bytes)
        .concat();
    let views = [
        (
            "module.a",
            TensorView::new(Dtype::F32, vec![2, 1], &f32s).unwrap(),
        ),
        (
            "module.b",
            TensorView::new(Dtype::F16, vec![2], &f16s).unwrap(),
        ),
        (
            "module.n",
            TensorView::new(Dtype::I64, vec![1], &[0; 8]).unwrap(),
        ),
    ];
    let file = safetensors::serialize(views, None).unwrap();
    let weights = Weights::from_bytes("a.safetensors", &file).unwrap();
    let expected = [
        ("a".to_owned(), tensor(&[2, 1], [0.5, -1.5])),
        ("b".to_owned(), tensor(&[2], [0.25, -8.0])),
    ];
    assert_eq!(weights.tensors, BTreeMap::from(expected));
}

#[test]
fn the_digest_is_that_of_the_file() {
    let body = table(&storage("FloatStorage", "0", 1), 0, &[1], &[1]);
    let file = stream(&body, true, 1, &[0; 4]);
    let weights = Weights::from_bytes("a.pth", &file).unwrap();
    assert_eq!(weights.sha256_hex, crate::digest::sha256_hex(&file));
    // FIPS 180-2, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(crate::digest::sha256_hex(b"abc"), abc);
    assert_eq!(text("ab"), b"X\x02\0\0\0ab");
}

/// Figures printed by torch 2.11 for the same file; sums in `f64`, so 1e-6 is ample.
#[test]
fn mobilenet_v2_of_torchvision_agrees_with_torch() {
    let path = repository().join(".native/weights/mobilenet_v2-b0353104.pth");
    if !path.exists() {
        eprintln!(
            "skipped: {} is missing; run `cargo xtask setup`",
            path.display()
        );
        return;
    }
    let weights = Weights::read(&path).unwrap();
    assert!(weights.sha256_hex.starts_with("b0353104"));
    assert_eq!(weights.tensors.len(), 262);
    let first = &weights.tensor("features.0.0.weight").unwrap();
    assert_eq!(first.shape, [32, 3, 3, 3]);
    assert_eq!(first.values[0].to_bits(), 0.013_185_34_f32.to_bits());
    assert_eq!(first.values[863].to_bits(), 0.107_982_4_f32.to_bits());
    let bias = weights.tensor("classifier.1.bias").unwrap();
    assert!((sum(bias) + 0.000_101_848_316_262_476_25).abs() < 1e-6);
    assert!((weights.tensors.values().map(sum).sum::<f64>() - 7_344.640_338_408_416).abs() < 1e-6);
}

fn sum(tensor: &WeightTensor) -> f64 {
    tensor.values.iter().map(|&value| f64::from(value)).sum()
}
