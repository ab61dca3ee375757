//! Weights of every backbone, drawn from the tensors' names by the rule of
//! `backbone_references.py`, in a file as its publisher would name it.

use std::path::{Path, PathBuf};

use cfa_train::backbone::{Backbone, Naming};
use safetensors::{Dtype, tensor::TensorView};

const GAIN: f64 = 0.25;
const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

/// Writes `folder/model/model.safetensors`, as the hub's cache has it.
pub(crate) fn write(folder: &Path, model: &str, backbone: Backbone, naming: Naming) -> PathBuf {
    let graph = backbone.stored_graph(naming).unwrap();
    let mut tensors = Vec::new();
    for parameter in graph.parameters() {
        let values = drawn(backbone, &parameter.name, &parameter.shape);
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        tensors.push((parameter.name, parameter.shape, bytes));
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    let path = folder.join(model).join("model.safetensors");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

fn drawn(backbone: Backbone, name: &str, shape: &[usize]) -> Vec<f32> {
    let draws = uniform(&format!("{backbone}.{name}"), shape.iter().product());
    let value = |u: f64| match name {
        _ if shape.len() == 4 => {
            let inputs: usize = shape[1..].iter().product();
            (2.0 * u - 1.0) * (GAIN / inputs as f64).sqrt()
        }
        _ if name.ends_with("running_var") => 0.03 + 0.06 * u,
        _ if name.ends_with("weight") => 0.75 + 0.5 * u,
        _ => 0.2 * (2.0 * u - 1.0),
    };
    draws.map(|u| value(u) as f32).collect()
}

/// Numbers in 0…1 that depend on name and index alone.
fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> + use<> {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    let start = name.bytes().fold(0xCBF2_9CE4_8422_2325, step);
    (1..=count as u64).map(move |i| {
        let mixed = splitmix64(start.wrapping_add(i.wrapping_mul(GOLDEN_RATIO)));
        (mixed >> 40) as f64 * 2.0_f64.powi(-24)
    })
}

fn splitmix64(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
