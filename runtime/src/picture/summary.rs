//! Summaries to compare pictures by: a digest of all samples, and averages of blocks.

use bytemuck::cast_slice;
use sha2::{Digest, Sha256};

use super::{Picture, Pixels};

/// Samples of a pixel.
const CHANNELS: usize = 3;
/// 65535 / 255.
const SIXTEEN_BIT_STEPS: f64 = 257.0;

impl Picture {
    /// SHA-256 of size, depth and samples: equal for pictures that are the same pixel by
    /// pixel, whatever files they came from. Digests may differ between processors of
    /// another byte order.
    #[must_use]
    pub fn pixel_digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.width_px().to_le_bytes());
        digest.update(self.height_px().to_le_bytes());
        digest.update(self.bits_per_sample().to_le_bytes());
        match &self.pixels {
            Pixels::Eight(samples) => digest.update(samples.as_raw()),
            Pixels::Sixteen(samples) => digest.update(cast_slice::<u16, u8>(samples)),
        }
        digest.finalize().into()
    }

    /// Averages of red, green and blue over `side` × `side` blocks of equal size, row by
    /// row, each 0 to 255. Blocks of a picture with fewer pixels than that overlap.
    #[must_use]
    pub fn block_means(&self, side: usize) -> Vec<[f32; 3]> {
        match &self.pixels {
            Pixels::Eight(samples) => self.means_of(samples, side, 1.0),
            Pixels::Sixteen(samples) => self.means_of(samples, side, SIXTEEN_BIT_STEPS),
        }
    }

    fn means_of<T: Copy + Into<u64>>(
        &self,
        samples: &[T],
        side: usize,
        step: f64,
    ) -> Vec<[f32; 3]> {
        let (width, height) = (self.width_px() as usize, self.height_px() as usize);
        let columns: Vec<_> = (0..side).map(|column| block(column, side, width)).collect();
        let mut means = Vec::with_capacity(side * side);
        for row in 0..side {
            let lines = block(row, side, height);
            let mut sums = vec![[0_u64; CHANNELS]; side];
            for line in samples[lines.start * width * CHANNELS..lines.end * width * CHANNELS]
                .chunks_exact(width * CHANNELS)
            {
                for (sum, columns) in sums.iter_mut().zip(&columns) {
                    add(sum, &line[columns.start * CHANNELS..columns.end * CHANNELS]);
                }
            }
            means.extend(sums.iter().zip(&columns).map(|(sum, columns)| {
                let pixels = (columns.len() * lines.len()) as f64;
                sum.map(|sum| (sum as f64 / (pixels * step)) as f32)
            }));
        }
        means
    }
}

/// The pixels of one block along one side; at least one.
fn block(index: usize, blocks: usize, pixels: usize) -> std::ops::Range<usize> {
    let start = index * pixels / blocks;
    start..((index + 1) * pixels / blocks).max(start + 1)
}

fn add<T: Copy + Into<u64>>(sum: &mut [u64; CHANNELS], samples: &[T]) {
    let (pixels, _) = samples.as_chunks::<CHANNELS>();
    for pixel in pixels {
        for (sum, &sample) in sum.iter_mut().zip(pixel) {
            *sum += sample.into();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]

    use super::super::Samples;
    use super::*;

    #[test]
    fn blocks_are_averaged_at_both_depths() {
        let eight = vec![
            0, 0, 0, 10, 20, 30, 0, 0, 0, 100, 0, 0, //
            2, 4, 6, 20, 40, 60, 0, 0, 0, 0, 0, 8,
        ];
        let sixteen = eight.iter().map(|&value: &u8| u16::from(value) * 257);
        let sixteen = Picture::new(4, 2, Samples::Sixteen(sixteen.collect())).unwrap();
        let eight = Picture::new(4, 2, Samples::Eight(eight)).unwrap();
        let expected = [
            [5.0, 10.0, 15.0],
            [50.0, 0.0, 0.0],
            [11.0, 22.0, 33.0],
            [0.0, 0.0, 4.0],
        ];
        assert_eq!(eight.block_means(2), expected);
        assert_eq!(sixteen.block_means(2), expected);
        assert_eq!(eight.block_means(3).len(), 9, "blocks may overlap");
        assert_ne!(eight.pixel_digest(), sixteen.pixel_digest());
    }

    #[test]
    fn the_digest_is_that_of_size_and_samples() {
        let picture = |width, height, last| {
            let mut samples = vec![7; 12];
            samples[11] = last;
            Picture::from_rgb8(width, height, samples)
                .unwrap()
                .pixel_digest()
        };
        assert_eq!(picture(2, 2, 7), picture(2, 2, 7));
        assert_ne!(picture(2, 2, 7), picture(2, 2, 8));
        assert_ne!(picture(2, 2, 7), picture(4, 1, 7));
    }
}
