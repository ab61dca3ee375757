//! From a strip or tile in the file to its samples.

use std::borrow::Cow;

use super::chunks::Chunk;
use super::compression::{self, Compression};
use super::description::Description;
use super::samples::{PackedRows, add_up};
use super::{fax, nested};
use crate::picture::{PictureProblem, ReadOptions};

/// The file and the tags from which strips and tiles are read.
pub(super) struct Source<'a> {
    pub(super) file: &'a [u8],
    pub(super) jpeg_tables: Option<&'a [u8]>,
    pub(super) description: &'a Description,
    pub(super) options: &'a ReadOptions,
}

/// The samples of a strip or tile, rows without padding.
pub(super) struct ChunkSamples<'a, T: Clone> {
    pub(super) samples: Cow<'a, [T]>,
    /// Samples of one pixel, at least 1.
    pub(super) pixel_samples: usize,
}

impl<T: Clone> ChunkSamples<'_, T> {
    pub(super) fn rows(&self, chunk: &Chunk) -> impl Iterator<Item = &[T]> {
        self.samples
            .chunks_exact((chunk.width_px * self.pixel_samples).max(1))
    }
}

impl<'a> Source<'a> {
    /// Samples of at most 8 bits.
    pub(super) fn shallow(&self, chunk: &Chunk) -> Result<ChunkSamples<'a, u8>, PictureProblem> {
        let pixel_samples = self.description.samples_together();
        match self.description.compression {
            Compression::Jpeg => nested::jpeg(self, chunk),
            Compression::WebP => nested::webp(self, chunk),
            _ => {
                let mut samples = self.packed_rows(chunk)?.shallow()?;
                if self.description.differences {
                    let row_samples = chunk.width_px * pixel_samples;
                    add_up(
                        samples.to_mut(),
                        row_samples,
                        pixel_samples,
                        u8::wrapping_add,
                    );
                }
                Ok(ChunkSamples {
                    samples,
                    pixel_samples,
                })
            }
        }
    }

    /// Samples of 9 to 16 bits.
    pub(super) fn deep(&self, chunk: &Chunk) -> Result<ChunkSamples<'a, u16>, PictureProblem> {
        let pixel_samples = self.description.samples_together();
        let mut samples = self.packed_rows(chunk)?.deep()?;
        if self.description.differences {
            let row_samples = chunk.width_px * pixel_samples;
            add_up(&mut samples, row_samples, pixel_samples, u16::wrapping_add);
        }
        Ok(ChunkSamples {
            samples: Cow::Owned(samples),
            pixel_samples,
        })
    }

    fn packed_rows(&self, chunk: &Chunk) -> Result<PackedRows<'a>, PictureProblem> {
        let description = self.description;
        let packed = self.packed(chunk);
        let length = chunk.height_px * description.row_bytes(chunk.width_px);
        let bytes = match description.compression {
            Compression::Fax(scheme) => Cow::Owned(fax::unpacked(
                scheme,
                &packed,
                chunk.width_px,
                chunk.height_px,
            )?),
            compression => compression::unpacked(compression, packed, length)?,
        };
        Ok(PackedRows {
            bytes,
            bits: description.bits,
            byte_order: description.byte_order,
            row_samples: chunk.width_px * description.samples_together(),
        })
    }

    /// The bytes of a strip or tile, highest bit first.
    pub(super) fn packed(&self, chunk: &Chunk) -> Cow<'a, [u8]> {
        let bytes = &self.file[chunk.range.clone()];
        if self.description.lowest_bit_first && self.description.compression != Compression::Jpeg {
            return Cow::Owned(bytes.iter().map(|byte| byte.reverse_bits()).collect());
        }
        Cow::Borrowed(bytes)
    }
}
