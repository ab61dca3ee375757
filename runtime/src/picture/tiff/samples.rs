//! From the bytes of a strip or tile to samples: one number each, rows without padding.

use std::borrow::Cow;

use super::directory::ByteOrder;
use crate::invariant::BrokenInvariant;

/// Rows of samples as they lie in the file.
pub(super) struct PackedRows<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// Bits of each sample.
    pub(super) bits: u32,
    pub(super) byte_order: ByteOrder,
    /// Samples in a row.
    pub(super) row_samples: usize,
}

const ROW_IS_WHOLE: BrokenInvariant =
    BrokenInvariant("a row of a TIFF holds the bits of all its samples");

/// Bytes of a row, which is filled up to whole bytes.
pub(super) fn row_bytes(row_samples: usize, bits: u32) -> usize {
    (row_samples * bits as usize).div_ceil(8)
}

impl<'a> PackedRows<'a> {
    /// Samples of at most 8 bits, as they are.
    pub(super) fn shallow(self) -> Result<Cow<'a, [u8]>, BrokenInvariant> {
        if self.bits == 8 {
            return Ok(self.bytes);
        }
        Ok(Cow::Owned(self.spread(|value| value as u8)?))
    }

    /// Samples of 9 to 16 bits; those of less than 16 are moved up, so that the largest is white.
    pub(super) fn deep(&self) -> Result<Vec<u16>, BrokenInvariant> {
        if self.bits < 16 {
            let shift = 16 - self.bits;
            return self.spread(|value| (value << shift) as u16);
        }
        let (samples, _) = self.bytes.as_chunks::<2>();
        let samples = samples.iter().copied();
        Ok(match self.byte_order {
            ByteOrder::LittleEndian => samples.map(u16::from_le_bytes).collect(),
            ByteOrder::BigEndian => samples.map(u16::from_be_bytes).collect(),
        })
    }

    /// Takes samples apart that begin with the highest bit of a byte.
    fn spread<T>(&self, sample: impl Fn(u32) -> T) -> Result<Vec<T>, BrokenInvariant> {
        let row_bytes = row_bytes(self.row_samples, self.bits).max(1);
        let rows = self.bytes.chunks_exact(row_bytes);
        let mut samples = Vec::with_capacity(rows.len() * self.row_samples);
        for row in rows {
            let (mut bits_held, mut held) = (0, 0_u32);
            let mut bytes = row.iter();
            for _ in 0..self.row_samples {
                while bits_held < self.bits {
                    let &byte = bytes.next().ok_or(ROW_IS_WHOLE)?;
                    held = held << 8 | u32::from(byte);
                    bits_held += 8;
                }
                bits_held -= self.bits;
                samples.push(sample(held >> bits_held));
                held &= (1 << bits_held) - 1;
            }
        }
        Ok(samples)
    }
}

/// Adds up samples that are stored as differences from the pixel to the left.
pub(super) fn add_up<T: Copy>(
    samples: &mut [T],
    row_samples: usize,
    pixel_samples: usize,
    sum: impl Fn(T, T) -> T,
) {
    for row in samples.chunks_exact_mut(row_samples.max(1)) {
        for index in pixel_samples..row.len() {
            row[index] = sum(row[index - pixel_samples], row[index]);
        }
    }
}
