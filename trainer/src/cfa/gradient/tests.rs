#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::training_support::cfa::memory_bank::MemoryBank;
use ndarray::Array2;
use tch::{Device, Tensor};

use super::{BatchGradient, Weights};
use crate::cfa::descriptor::{Descriptor, DescriptorShape};
use crate::cfa::loss::CfaLoss;
use crate::cfa::neighbors::rows;
use crate::tensor::from_values;
use crate::testing::{assert_close, f64_values, noise};

const PICTURES: usize = 3;

/// Not square, not halved exactly, the last map an eighth as in VGG.
const MAPS: [[usize; 3]; 3] = [[5, 7, 10], [4, 4, 5], [6, 1, 2]];
const SHAPE: DescriptorShape = DescriptorShape {
    map_channels: [5, 4, 6],
    outputs: 9,
};
/// K ≠ J, attracting and repelling at once (see [`assert_both_at_work`]).
const LOSS: CfaLoss = CfaLoss {
    neighbors: 2,
    hard_negatives: 3,
    radius: 1.1,
};

/// A descriptor with its bank, and pictures to learn from.
struct Batch {
    shape: DescriptorShape,
    shapes: [[usize; 3]; 3],
    /// N×C×h×w.
    maps: [Vec<f32>; 3],
    weight: Vec<f32>,
    bias: Vec<f32>,
    /// M×D.
    bank: Vec<f32>,
}

/// Loss, and its derivatives by weight, bias and radius.
struct Found {
    loss: f64,
    weight: Vec<f64>,
    bias: Vec<f64>,
    radius: f64,
}

impl Batch {
    fn drawn(shape: DescriptorShape, shapes: [[usize; 3]; 3], entries: usize) -> Self {
        let inputs = shape.feature_channels() + 2;
        let map = |level: usize| {
            let [c, h, w] = shapes[level];
            noise(level as u64, PICTURES * c * h * w)
        };
        let bound = 1.0 / (inputs as f32).sqrt();
        let weight = noise(3, shape.outputs * inputs);
        Self {
            shape,
            shapes,
            maps: [map(0), map(1), map(2)],
            weight: weight.iter().map(|v| v * bound).collect(),
            bias: noise(4, shape.outputs).iter().map(|v| v * 0.3).collect(),
            bank: noise(5, entries * shape.outputs)
                .iter()
                .map(|v| v * 0.3)
                .collect(),
        }
    }

    fn small() -> Self {
        Self::drawn(SHAPE, MAPS, 40)
    }

    /// The maps of one picture as they are stored.
    fn stored(&self, picture: usize) -> Vec<f32> {
        let length = |level: usize| self.shapes[level].iter().product::<usize>();
        let values = |level: usize| &self.maps[level][picture * length(level)..][..length(level)];
        [values(0), values(1), values(2)].concat()
    }

    fn by_hand(&self, loss: CfaLoss) -> Found {
        let shape = (self.bank.len() / self.shape.outputs, self.shape.outputs);
        let bank = MemoryBank::from_values(shape, self.bank.clone()).unwrap();
        let mut gradient = BatchGradient::new(self.shape, self.shapes, bank, loss);
        let [outputs, inputs, ..] = self.shape.weight_shape();
        let weight = Array2::from_shape_vec((outputs, inputs), self.weight.clone()).unwrap();
        let bias = self.bias.clone();
        gradient.begin(Weights { weight, bias }, loss.radius as f32, PICTURES);
        for picture in 0..PICTURES {
            gradient.add(&self.stored(picture)).unwrap();
        }
        let (loss, slopes) = gradient.finish();
        Found {
            loss,
            weight: slopes.weight.iter().copied().map(f64::from).collect(),
            bias: slopes.bias.iter().copied().map(f64::from).collect(),
            radius: slopes.radius,
        }
    }

    fn by_libtorch(&self, loss: CfaLoss) -> Found {
        let descriptor =
            Descriptor::from_values(self.shape, &self.weight, &self.bias, Device::Cpu).unwrap();
        let radius = Tensor::from_slice(&[loss.radius as f32]).set_requires_grad(true);
        let map = |level: usize| {
            let [c, h, w] = self.shapes[level];
            from_values(&self.maps[level], &[PICTURES, c, h, w]).unwrap()
        };
        let phi = descriptor.forward(&[map(0), map(1), map(2)]).unwrap();
        let bank = from_values(
            &self.bank,
            &[self.bank.len() / self.bias.len(), self.bias.len()],
        );
        let value = loss
            .forward_with_radius(&rows(&phi).unwrap(), &bank.unwrap(), &radius)
            .unwrap();
        value.total.backward();
        let [weight, bias] = descriptor.parameters().map(|p| f64_values(&p.grad()));
        Found {
            loss: value.total.double_value(&[]),
            weight,
            bias,
            radius: radius.grad().double_value(&[0]),
        }
    }
}

/// Sums of thousands of f32 values in another order: a millionth of the largest, some
/// ten times over.
#[track_caller]
fn assert_alike(ours: &[f64], theirs: &[f64]) {
    let largest = theirs.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    assert!(largest > 0.1, "{largest}: nothing to compare");
    assert_close(ours, theirs, 1e-5 * largest);
}

#[track_caller]
fn assert_agree(batch: &Batch, loss: CfaLoss) {
    let (ours, theirs) = (batch.by_hand(loss), batch.by_libtorch(loss));
    assert_alike(&[ours.loss], &[theirs.loss]);
    assert_alike(&ours.weight, &theirs.weight);
    assert_alike(&ours.bias, &theirs.bias);
    assert_close(&[ours.radius], &[theirs.radius], 1e-5 * theirs.radius.abs());
}

/// Or else the comparison would not see a mistake in one of them.
#[track_caller]
fn assert_both_at_work(batch: &Batch, loss: CfaLoss) {
    let attraction = batch.by_hand(CfaLoss {
        hard_negatives: 0,
        ..loss
    });
    let (attraction, both) = (attraction.loss, batch.by_hand(loss).loss);
    assert!(
        attraction > 1.0 && both > attraction + 1.0,
        "{attraction} of {both}"
    );
}

#[test]
fn it_is_what_libtorch_differentiates() {
    let constant = CfaLoss {
        neighbors: 3,
        radius: 1e-5,
        ..LOSS
    };
    assert_agree(&Batch::small(), constant);
    assert_both_at_work(&Batch::small(), LOSS);
    assert_agree(&Batch::small(), LOSS);
}

/// Products are cut into pieces here, and rows into tiles.
#[test]
fn larger_shapes_agree_too_and_threads_change_no_bit() {
    let shape = DescriptorShape {
        map_channels: [24, 32, 96],
        outputs: 200,
    };
    let batch = Batch::drawn(shape, [[24, 20, 16], [32, 10, 8], [96, 5, 4]], 320);
    let loss = CfaLoss {
        radius: 5.0,
        ..LOSS
    };
    assert_both_at_work(&batch, loss);
    assert_agree(&batch, loss);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| batch.by_hand(loss))
    };
    let (one, three) = (with(1), with(3));
    assert_eq!(one.loss.to_bits(), three.loss.to_bits());
    assert!(one.weight == three.weight && one.bias == three.bias);
}

#[test]
fn weights_that_are_no_numbers_are_an_error() {
    let mut batch = Batch::small();
    let bank = MemoryBank::from_values((1, 9), vec![0.0; 9]).unwrap();
    let mut gradient = BatchGradient::new(SHAPE, MAPS, bank, LOSS);
    batch.weight[0] = f32::NAN;
    let weight = Array2::from_shape_vec((9, 17), batch.weight.clone()).unwrap();
    let bias = batch.bias.clone();
    gradient.begin(Weights { weight, bias }, 0.0, 1);
    assert!(gradient.add(&batch.stored(0)).is_err());
    assert!(gradient.add(&[0.0; 3]).is_err(), "too few features");
    let longer = [batch.stored(0), vec![0.0]].concat();
    assert!(gradient.add(&longer).is_err(), "too many features");
}
