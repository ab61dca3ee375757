#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use tch::{Device, Tensor, no_grad};

use super::{BIAS, Descriptor, DescriptorShape, WEIGHT, with_pooling};
use crate::network::{Graph, Parameters, TorchNetwork};
use crate::random::random_stream;
use crate::testing::{assert_close, f64_values, noise_tensor};

/// One feature map in f64: channels × rows × columns.
#[derive(Clone)]
struct Map {
    h: usize,
    w: usize,
    channels: Vec<Vec<f64>>,
}

impl Map {
    /// The map of the first picture of a batch.
    fn of_first_picture(tensor: &Tensor) -> Self {
        let (_, _, h, w) = tensor.size4().unwrap();
        let (h, w) = (h as usize, w as usize);
        let values = f64_values(&tensor.get(0));
        Self {
            h,
            w,
            channels: values.chunks(h * w).map(<[f64]>::to_vec).collect(),
        }
    }

    /// Bilinear, half-pixel centres, edges repeated: PyTorch's `align_corners=False`.
    fn upsampled(&self, h: usize, w: usize) -> Self {
        let axis = |i: usize, from: usize, to: usize| {
            let x = ((i as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0);
            let low = (x.floor() as usize).min(from - 1);
            (low, (low + 1).min(from - 1), x - low as f64)
        };
        let pixel = |channel: &[f64], y: usize, x: usize| {
            let (top, bottom, fy) = axis(y, self.h, h);
            let (left, right, fx) = axis(x, self.w, w);
            let at = |y: usize, x: usize| channel[y * self.w + x];
            let row = |y| at(y, left) * (1.0 - fx) + at(y, right) * fx;
            row(top) * (1.0 - fy) + row(bottom) * fy
        };
        let channels = self.channels.iter();
        let channels = channels.map(|c| (0..h * w).map(|i| pixel(c, i / w, i % w)).collect());
        Self {
            h,
            w,
            channels: channels.collect(),
        }
    }

    /// Mean over 3×3, zeros outside counted.
    fn pooled(&self) -> Self {
        let pixel = |channel: &[f64], y: usize, x: usize| {
            let rows = y.saturating_sub(1)..(y + 2).min(self.h);
            let columns = x.saturating_sub(1)..(x + 2).min(self.w);
            let row = |y: usize| {
                columns
                    .clone()
                    .map(|x| channel[y * self.w + x])
                    .sum::<f64>()
            };
            rows.map(row).sum::<f64>() / 9.0
        };
        let places = || (0..self.h).flat_map(|y| (0..self.w).map(move |x| (y, x)));
        let channels = self.channels.iter();
        let channels = channels.map(|c| places().map(|(y, x)| pixel(c, y, x)).collect());
        Self {
            h: self.h,
            w: self.w,
            channels: channels.collect(),
        }
    }
}

/// The order of the reference: upsample, concatenate, append coordinates, 1×1.
fn reference(maps: &[Map; 3], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let (h, w) = (maps[0].h, maps[0].w);
    let mut channels: Vec<Vec<f64>> = Vec::new();
    for map in maps {
        channels.extend(map.upsampled(h, w).channels);
    }
    let ramp = |i: usize, n: usize| 2.0 * i as f64 / (n - 1) as f64 - 1.0;
    channels.push((0..h * w).map(|i| ramp(i / w, h)).collect());
    channels.push((0..h * w).map(|i| ramp(i % w, w)).collect());
    let filters = weight.chunks(channels.len()).zip(bias);
    let position = |filter: &[f64], p: usize| -> f64 {
        filter.iter().zip(&channels).map(|(w, c)| w * c[p]).sum()
    };
    filters
        .flat_map(|(f, b)| (0..h * w).map(|p| position(f, p) + b).collect::<Vec<_>>())
        .collect()
}

fn phi(descriptor: &Descriptor, maps: &[Tensor; 3]) -> Tensor {
    no_grad(|| descriptor.forward(maps)).unwrap()
}

/// Tolerance: 11 products of values below 1 in f32, summed in another order.
#[track_caller]
fn assert_same_as_reference(sizes: [(usize, usize); 3]) {
    let shape = DescriptorShape::new([2, 3, 4], 1).unwrap();
    let mut rng = random_stream(3, "descriptor");
    let descriptor = Descriptor::random(shape, &mut rng, Device::Cpu).unwrap();
    let map = |i: usize| {
        noise_tensor(
            i as u64,
            &[1, shape.map_channels[i], sizes[i].0, sizes[i].1],
        )
    };
    let maps = [map(0), map(1), map(2)];
    let [weight, bias] = descriptor.parameters().map(f64_values);
    let expected = reference(
        &[0, 1, 2].map(|i| Map::of_first_picture(&maps[i])),
        &weight,
        &bias,
    );
    assert_close(&f64_values(&phi(&descriptor, &maps)), &expected, 1e-5);
}

#[test]
fn phi_is_what_the_reference_computes() {
    assert_same_as_reference([(16, 16), (8, 8), (4, 4)]);
}

#[test]
fn phi_is_right_for_sizes_that_do_not_divide_and_are_not_square() {
    assert_same_as_reference([(25, 19), (13, 10), (7, 5)]);
    assert_same_as_reference([(7, 56), (4, 28), (1, 7)]);
}

/// A weight of 1 on one coordinate alone shows which one it is.
#[test]
fn the_row_coordinate_comes_first() {
    let shape = DescriptorShape {
        map_channels: [1, 1, 1],
        outputs: 2,
    };
    let weight = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let descriptor = Descriptor::from_values(shape, &weight, &[0.0, 0.0], Device::Cpu).unwrap();
    let maps = [(3, 2), (2, 1), (1, 1)].map(|(h, w)| noise_tensor(5, &[1, 1, h, w]));
    let rows = [-1.0, -1.0, 0.0, 0.0, 1.0, 1.0];
    let columns = [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0];
    assert_close(
        &f64_values(&phi(&descriptor, &maps)),
        &[rows, columns].concat(),
        0.0,
    );
}

/// Tolerance: nine f32 additions of values below 1.
#[test]
fn pooling_counts_the_zeros_outside() {
    let mut graph = Graph::new();
    let maps = [graph.input(2), graph.input(1), graph.input(1)];
    for map in maps {
        graph.output(map);
    }
    let network = TorchNetwork::new(with_pooling(&graph), &Parameters::new(), Device::Cpu).unwrap();
    let inputs = [(2, 5, 4), (1, 3, 1), (1, 1, 1)].map(|(c, h, w)| noise_tensor(8, &[1, c, h, w]));
    let pooled = network.forward(&inputs).unwrap();
    for (ours, input) in pooled.iter().zip(&inputs) {
        let expected = Map::of_first_picture(input).pooled().channels.concat();
        assert_close(&f64_values(ours), &expected, 1e-6);
    }
}

#[test]
fn a_random_start_stays_in_its_bounds_and_repeats() {
    let shape = DescriptorShape::new([24, 32, 96], 1).unwrap();
    let start = |seed| {
        let mut rng = random_stream(seed, "descriptor");
        Descriptor::random(shape, &mut rng, Device::Cpu)
            .unwrap()
            .values()
            .unwrap()
    };
    let (first, again, other) = (start(1), start(1), start(2));
    assert_eq!(first, again);
    assert_ne!(first, other);
    let bound = 1.0 / (154.0_f32).sqrt();
    for (name, shape) in [(WEIGHT, vec![152, 154, 1, 1]), (BIAS, vec![152])] {
        let tensor = &first[name];
        assert_eq!(tensor.shape, shape);
        let largest = tensor
            .values
            .iter()
            .fold(0.0_f32, |most, v| most.max(v.abs()));
        // 152 uniform draws miss the outer tenth with probability 1e-7.
        assert!(
            largest <= bound && largest > 0.9 * bound,
            "{name}: {largest}, bound {bound}"
        );
        let mean = tensor.values.iter().sum::<f32>() / tensor.values.len() as f32;
        assert!(mean.abs() < 0.2 * bound, "{name} is not centred: {mean}");
    }
}

#[test]
fn channels_are_divided_and_never_vanish() {
    let shape = DescriptorShape::new([24, 32, 96], 3).unwrap();
    assert_eq!((shape.feature_channels(), shape.outputs), (152, 50));
    assert_eq!(DescriptorShape::new([24, 32, 96], 153), None);
    assert_eq!(DescriptorShape::new([24, 32, 96], 0), None);
}

#[test]
fn values_that_do_not_fit_the_shape_are_an_error() {
    let shape = DescriptorShape::new([1, 1, 1], 1).unwrap();
    assert!(Descriptor::from_values(shape, &[0.0; 14], &[0.0; 3], Device::Cpu).is_err());
    assert!(Descriptor::from_values(shape, &[0.0; 15], &[0.0; 2], Device::Cpu).is_err());
}
