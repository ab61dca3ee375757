//! What strips and tiles are read from, and what is read.

use std::borrow::Cow;

use super::chunks::Chunk;
use super::compression::Compression;
use super::description::Description;
use crate::picture::ReadOptions;

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
    /// The bytes of a strip or tile, highest bit first.
    pub(super) fn packed(&self, chunk: &Chunk) -> Cow<'a, [u8]> {
        let bytes = &self.file[chunk.range.clone()];
        if self.description.lowest_bit_first && self.description.compression != Compression::Jpeg {
            return Cow::Owned(bytes.iter().map(|byte| byte.reverse_bits()).collect());
        }
        Cow::Borrowed(bytes)
    }
}
