//! Where rounding takes the most it can, both ways of searching still give what all
//! distances give, with every set of instructions.

use ndarray::Array2;
use pulp::{Arch, Simd, WithSimd};

use super::super::distance::squared_distance;
use super::super::{BoundingAxes, MemoryBank, Neighbors, SearchOptions, SearchScratch};
use crate::cancellation::Cancellation;

/// As many centroids as the bounds need to be tried for one neighbour.
const CENTROIDS: usize = 16;
/// 2⁻¹²: its square, added to 1, falls just short of the next number.
const ABSORBED: f32 = 1.0 / 4096.0;

/// All sets of instructions of this processor, with the values of their vectors.
fn instructions() -> Vec<(Arch, usize)> {
    let mut all = vec![(Arch::Scalar, 1)];
    #[cfg(target_arch = "x86_64")]
    {
        all.extend(pulp::x86::V3::try_new().map(|simd| (Arch::V3(simd), 8)));
        all.extend(pulp::x86::V4::try_new().map(|simd| (Arch::V4(simd), 16)));
    }
    all
}

/// Every distance to one descriptor, computed as the search does.
struct Distances<'a> {
    descriptor: &'a [f32],
    bank: &'a MemoryBank,
}

impl WithSimd for Distances<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut distances = Vec::new();
        for number in 0..self.bank.centroids() {
            let centroid = self.bank.row(number as u32);
            distances.push(squared_distance(simd, self.descriptor, centroid));
        }
        distances
    }
}

fn nearest_of_all(arch: Arch, descriptor: &[f32], bank: &MemoryBank) -> (f32, u32) {
    let distances = arch.dispatch(Distances { descriptor, bank });
    let mut numbered: Vec<_> = distances.into_iter().zip(0_u32..).collect();
    numbered.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    numbered[0]
}

fn searched(arch: Arch, descriptor: &[f32], bank: &MemoryBank) -> (f32, u32) {
    let row = Array2::from_shape_vec((1, descriptor.len()), descriptor.to_vec()).unwrap();
    let options = SearchOptions {
        cancellation: &Cancellation::new(),
        helpers: None,
        scratch: &SearchScratch::default(),
    };
    let mut found = Neighbors::default();
    bank.nearest_on(arch, &*row, 1, &options, &mut found)
        .unwrap();
    (found.squared_distances[[0, 0]], found.indices[[0, 0]])
}

#[track_caller]
fn assert_all_ways_agree(arch: Arch, descriptor: &[f32], bank: Array2<f32>, counts: &[[usize; 2]]) {
    let bank = MemoryBank::new(bank).unwrap();
    let expected = nearest_of_all(arch, descriptor, &bank);
    let told = format!("{arch:?}, {} channels", bank.channels());
    assert_eq!(searched(arch, descriptor, &bank), expected, "{told}");
    for &[first, second] in counts {
        let counts = BoundingAxes { first, second };
        let bounded = bank.clone().with_leading_axes(counts).unwrap();
        let found = searched(arch, descriptor, &bounded);
        assert_eq!(found, expected, "{told}, {counts:?}");
    }
}

/// A centroid whose distance loses all of its small squares to rounding, beside one that is
/// nearer in truth and farther as computed.
fn absorbing(channels: usize, lanes: usize, shift: f32, apart: f32) -> Array2<f32> {
    let ones = 4 * lanes;
    let mut bank = Array2::from_shape_fn((CENTROIDS, channels), |(_, channel)| {
        f32::from(u8::from(channel < ones))
    });
    for row in 0..CENTROIDS - 1 {
        let farther = (1.0 + row as f32 / 16.0) / 512.0;
        bank[[row, 0]] += if row == 0 { apart } else { farther };
    }
    for channel in ones..channels {
        bank[[CENTROIDS - 1, channel]] = ABSORBED;
    }
    bank.column_mut(0).mapv_inplace(|value| value + shift);
    bank
}

#[test]
fn squares_that_vanish_in_a_sum() {
    const COUNTS: [[usize; 2]; 5] = [[1, 1], [2, 4], [4, 16], [16, 32], [16, 64]];
    for (arch, lanes) in instructions() {
        for channels in [448, 1792, 4096, 16384] {
            for shift in [0.0_f32, 4.0, 64.0] {
                let mut descriptor = vec![0.0; channels];
                descriptor[0] = shift;
                for power in 14..23 {
                    let apart = (-power as f32).exp2();
                    let bank = absorbing(channels, lanes, shift, apart);
                    assert_all_ways_agree(arch, &descriptor, bank, &COUNTS);
                }
            }
        }
    }
}

/// The products of the first bound are each less than half a unit of the sum.
#[test]
fn products_that_vanish_in_a_bound() {
    for (arch, _) in instructions() {
        for channels in [96, 448, 1024, 1792] {
            let small = (-25.0_f32).exp2().sqrt() * 0.999;
            let mut descriptor = vec![small; channels];
            descriptor[0] = 0.0;
            let squares = (channels - 1) as f32 * small * small;
            let mut bank = Array2::zeros((CENTROIDS, channels));
            bank[[0, 0]] = (1.0 + 1e-5 - squares).sqrt();
            bank.row_mut(1).fill(small);
            bank[[1, 0]] = 1.0;
            for row in 2..CENTROIDS {
                bank[[row, 0]] = -1.0 - row as f32 * 1e-3;
            }
            let counts = [[channels, channels], [channels / 2, channels]];
            assert_all_ways_agree(arch, &descriptor, bank, &counts);
        }
    }
}
