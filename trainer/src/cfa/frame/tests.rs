#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::training_support::cfa::memory_bank::BoundingAxes;
use tch::{Device, Kind, Tensor, no_grad};

use super::{FramedModel, PrincipalAxes, Samples, cheapest_axes};
use crate::cfa::descriptor::{Descriptor, DescriptorShape};
use crate::network::{Graph, TorchNetwork};
use crate::random::random_stream;
use crate::testing::{f64_values, noise_tensor};

const SIZES: [i64; 3] = [12, 6, 3];

fn descriptor(shape: DescriptorShape) -> Descriptor {
    Descriptor::random(shape, &mut random_stream(3, "frame"), Device::Cpu).unwrap()
}

fn maps(shape: &DescriptorShape) -> [Tensor; 3] {
    [0, 1, 2].map(|i| {
        let side = SIZES[i];
        noise_tensor(
            i as u64,
            &[1, shape.map_channels[i], side as usize, side as usize],
        )
    })
}

/// φ as rows, from levels by libtorch's own upsampling.
fn rows_of_levels(framed: &FramedModel, shape: &DescriptorShape, maps: &[Tensor; 3]) -> Tensor {
    let mut pooled = Graph::new();
    let inputs = shape.map_channels.map(|channels| pooled.input(channels));
    for input in inputs {
        pooled.output(input);
    }
    let graph = framed.with_levels(&pooled).unwrap();
    let network = TorchNetwork::new(graph, &framed.parameters, Device::Cpu).unwrap();
    let levels = network.forward(maps).unwrap();
    let side = SIZES[0];
    let mut sum = Tensor::zeros(
        [1, shape.outputs as i64, side, side],
        (Kind::Float, Device::Cpu),
    );
    for level in levels {
        let level =
            level
                .permute([0, 3, 1, 2])
                .upsample_bilinear2d([side, side], false, None, None);
        let missing = shape.outputs as i64 - level.size()[1];
        sum += level.constant_pad_nd([0, 0, 0, 0, 0, missing]);
    }
    let ramp = Tensor::linspace(-1.0, 1.0, side, (Kind::Float, Device::Cpu));
    let weights = &framed.coordinates;
    for (channel, mut map) in (0..weights.ncols()).map(|c| (c, sum.get(0).get(c as i64))) {
        map += ramp.unsqueeze(1) * f64::from(weights[[0, channel]]);
        map += ramp.unsqueeze(0) * f64::from(weights[[1, channel]]);
    }
    sum.get(0).flatten(1, 2).transpose(0, 1)
}

/// All distances between descriptors and centroids stay: to 1e-4 of values up to some
/// ten, with some hundred f32 roundings on both sides.
#[track_caller]
fn assert_same_distances(shape: DescriptorShape, second: usize) {
    let (descriptor, maps) = (descriptor(shape), maps(&shape));
    let bank = noise_tensor(9, &[50, shape.outputs]);
    let phi = no_grad(|| descriptor.forward(&maps)).unwrap();
    let rows = phi.get(0).flatten(1, 2).transpose(0, 1);
    let expected = f64_values(&Tensor::cdist(&rows, &bank, 2.0, None));
    let axes = BoundingAxes { first: 1, second };
    let principal = PrincipalAxes::of_bank(&bank).unwrap();
    let principal = principal.led_by(&rows).unwrap();
    let framed = FramedModel::new(&descriptor, &bank, &principal, axes).unwrap();
    let turned: Vec<f32> = framed.memory_bank.iter().copied().collect();
    let turned = Tensor::from_slice(&turned).reshape([50, shape.outputs as i64]);
    let rows = rows_of_levels(&framed, &shape, &maps);
    let found = f64_values(&Tensor::cdist(&rows, &turned, 2.0, None));
    let errors = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
    let error = errors.fold(0.0, f64::max);
    assert!(error <= 1e-4, "{shape:?}, {second} axes: {error}");
}

#[test]
fn distances_do_not_change() {
    for gamma_d in [1, 2, 5, 17] {
        let shape = DescriptorShape::new([5, 9, 20], gamma_d).unwrap();
        for second in [1, shape.outputs.div_ceil(3), shape.outputs] {
            assert_same_distances(shape, second);
        }
    }
    let wider = DescriptorShape::expanded([5, 9, 20], 2, 1).unwrap();
    assert_same_distances(wider, 8);
}

#[test]
fn fine_maps_reach_few_channels() {
    let shape = DescriptorShape::new([5, 9, 20], 1).unwrap();
    let bank = noise_tensor(9, &[50, shape.outputs]);
    let principal = PrincipalAxes::of_bank(&bank).unwrap();
    let axes = BoundingAxes {
        first: 2,
        second: 4,
    };
    let framed = FramedModel::new(&descriptor(shape), &bank, &principal, axes).unwrap();
    assert_eq!(framed.level_channels, [4 + 5 + 2, 4 + 5 + 2 + 9, 34]);
    assert_eq!(framed.coordinates.dim(), (2, 11));
}

#[test]
fn centroids_spread_most_along_the_first_axes() {
    let bank = noise_tensor(4, &[300, 6]) * Tensor::from_slice(&[0.1_f32, 3.0, 0.2, 1.0, 5.0, 0.3]);
    let shape = DescriptorShape::new([2, 2, 2], 1).unwrap();
    let principal = PrincipalAxes::of_bank(&bank).unwrap();
    let axes = BoundingAxes {
        first: 2,
        second: 3,
    };
    let framed = FramedModel::new(&descriptor(shape), &bank, &principal, axes).unwrap();
    let spread = |axis: usize| {
        framed
            .memory_bank
            .column(axis)
            .iter()
            .map(|x| x * x)
            .sum::<f32>()
    };
    assert!(spread(0) > spread(1) && spread(1) > spread(2));
    assert!((3..6).all(|axis| spread(2) > spread(axis)));
    let mean = framed.memory_bank.mean_axis(ndarray::Axis(0)).unwrap();
    assert!(mean.iter().all(|m| m.abs() < 1e-5), "{mean}");
}

/// Where all of the spread lies in eight axes, more of them bring nothing; where it lies
/// in all, few of them leave all centroids.
#[test]
fn the_number_of_axes_follows_the_spread() {
    let shape = DescriptorShape::new([32, 32, 64], 1).unwrap();
    let chosen = |spread: &dyn Fn(i64) -> f32| {
        let factors: Vec<f32> = (0..128).map(spread).collect();
        let factors = Tensor::from_slice(&factors);
        let points = |seed| noise_tensor(seed, &[2000, 128]) * &factors;
        let (descriptors, bank) = (points(1), points(2));
        let principal = PrincipalAxes::of_bank(&bank).unwrap();
        let samples = Samples {
            descriptors,
            neighbors: 3,
            shape,
        };
        cheapest_axes(&samples, &bank, &principal).unwrap()
    };
    let few = chosen(&|axis| if axis < 8 { 1.0 } else { 1e-4 });
    assert!(few.first <= 12 && few.second <= 16, "{few:?}");
    let many = chosen(&|axis| 0.97_f32.powi(axis as i32));
    assert!(many.first > few.first, "{many:?}");
}

#[test]
fn the_leading_axis_goes_to_the_descriptors() {
    let bank = noise_tensor(4, &[300, 6]);
    let beside = Tensor::from_slice(&[3.0_f32, -4.0, 0.0, 0.0, 0.0, 0.0]);
    let principal = PrincipalAxes::of_bank(&bank).unwrap();
    let origin = principal.origin.shallow_clone();
    let led = principal.led_by(&(&bank + &beside)).unwrap();
    let first = f64_values(&led.axes.select(1, 0));
    let sign = first[0].signum();
    for (found, expected) in first.iter().zip([0.6, -0.8, 0.0, 0.0, 0.0, 0.0]) {
        assert!((found * sign - expected).abs() < 1e-6, "{first:?}");
    }
    let product = led.axes.transpose(0, 1).matmul(&led.axes);
    let apart = product - Tensor::eye(6, (Kind::Double, Device::Cpu));
    assert!(f64_values(&apart).iter().all(|x| x.abs() < 1e-12));
    // Descriptors that lie around the bank lead nowhere.
    let still = PrincipalAxes::of_bank(&bank)
        .unwrap()
        .led_by(&bank)
        .unwrap();
    let before = PrincipalAxes::of_bank(&bank).unwrap();
    assert_eq!(f64_values(&still.axes), f64_values(&before.axes));
    assert_eq!(f64_values(&still.origin), f64_values(&origin));
}
