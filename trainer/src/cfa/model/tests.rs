#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::training_support::cfa::anomaly_map::Border;
use rand::SeedableRng;
use tch::Device;

use super::*;
use crate::cfa::descriptor::DescriptorShape;
use crate::cfa::reference::CfaOutput;
use crate::error::TrainError;
use crate::testing::{assert_close, f64_values, noise_tensor};

fn model() -> CfaModel {
    let shape = DescriptorShape::new([2, 3, 4], 1).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let descriptor = Descriptor::random(shape, &mut rng, Device::Cpu).unwrap();
    let generator = AnomalyMapGenerator {
        neighbors: 3,
        map_size: Size {
            height: 32,
            width: 24,
        },
        sigma: 4.0,
        border: Border::Mirror,
    };
    let scale = Size {
        height: 8,
        width: 6,
    };
    CfaModel::new(descriptor, generator, scale)
}

fn maps(seed: u64, pictures: usize) -> PooledMaps {
    [(2, 8, 6), (3, 4, 3), (4, 2, 2)]
        .map(|(channels, height, width)| noise_tensor(seed, &[pictures, channels, height, width]))
}

fn initialised(gamma_c: usize) -> CfaModel {
    let mut model = model();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let batches = [maps(3, 2), maps(4, 1)].map(Ok::<_, TrainError>);
    let cancellation = Cancellation::new();
    model
        .initialize_centroid(batches, gamma_c, &mut rng, &cancellation, &mut |_done| ())
        .unwrap();
    model
}

#[test]
fn without_a_memory_bank_there_is_no_output() {
    for training in [true, false] {
        let error = model().forward(&maps(1, 1), training).unwrap_err();
        assert!(matches!(error, ModelError::NoMemoryBank), "{error}");
        assert!(error.to_string().contains("initialize_centroid"));
    }
}

/// Every picture weighs the same, in whatever batches it comes. Tolerance: f32 sums.
#[test]
fn the_bank_is_the_mean_descriptor_of_each_position() {
    let model = initialised(1);
    let bank = model.memory_bank().unwrap();
    assert_eq!(bank.size(), [48, 9]);
    let phi = |maps: PooledMaps| rows(&model.descriptor.forward(&maps).unwrap()).unwrap();
    let sum = phi(maps(3, 2)).sum_dim_intlist(0, false, None) + phi(maps(4, 1)).get(0);
    assert_close(&f64_values(bank), &f64_values(&(sum / 3.0)), 1e-6);
    assert_eq!(initialised(5).memory_bank().unwrap().size(), [9, 9]);
}

/// Against direct differences; 1e-5 for the cancellation of values below 20.
#[test]
fn distances_are_squared_and_never_negative() {
    let model = initialised(1);
    let maps = maps(5, 2);
    let CfaOutput::Distances(distances) = model.forward(&maps, true).unwrap() else {
        unreachable!("training gives distances")
    };
    assert_eq!(distances.size(), [2, 48, 48]);
    let phi = rows(&model.descriptor.forward(&maps).unwrap()).unwrap();
    let bank = model.memory_bank().unwrap();
    let apart = phi.unsqueeze(2) - bank.unsqueeze(0).unsqueeze(0);
    let expected = apart.square().sum_dim_intlist(3, false, None);
    assert_close(&f64_values(&distances), &f64_values(&expected), 1e-5);

    // The bank against itself, where rounding alone decides the sign.
    let itself = bank.transpose(0, 1).reshape([1, 9, 8, 6]);
    let lowest = model.compute_distance(&itself).unwrap().min();
    assert!(lowest.double_value(&[]) >= 0.0);
}

/// Both ways to the map: all distances, or the nearest alone.
#[test]
fn the_map_is_that_of_the_full_distances() {
    let model = initialised(1);
    let maps = maps(6, 2);
    let CfaOutput::Distances(distances) = model.forward(&maps, true).unwrap() else {
        unreachable!("training gives distances")
    };
    let expected = model
        .generator
        .forward(Some(&distances), Some(model.scale()))
        .unwrap();
    let CfaOutput::Scored(scored) = model.forward(&maps, false).unwrap() else {
        unreachable!("evaluation gives scores")
    };
    assert_eq!(scored.anomaly_map.size(), [2, 32, 24]);
    let pairs = [
        (&scored.anomaly_map, &expected.anomaly_map),
        (&scored.image_scores, &expected.image_scores),
        (&scored.patch_scores, &expected.patch_scores),
    ];
    for (ours, expected) in pairs {
        assert_close(&f64_values(ours), &f64_values(expected), 1e-5);
    }
}
