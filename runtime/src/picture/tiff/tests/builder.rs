//! Small TIFF files, with tags as a test wants them.

use std::collections::BTreeMap;

use crate::picture::tiff::tag;

pub(super) const WIDTH_PX: u32 = 16;
pub(super) const HEIGHT_PX: u32 = 16;
const HEADER_BYTES: usize = 8;
const LONG: u16 = 4;

/// A gray picture of one strip, little-endian; every tag holds 32-bit numbers.
pub(super) struct TiffFile {
    tags: BTreeMap<u16, Vec<u32>>,
    pub(super) data: Vec<u8>,
}

impl TiffFile {
    pub(super) fn gray() -> Self {
        let data: Vec<u8> = (0..=255).collect();
        let plain = [
            (tag::IMAGE_WIDTH, WIDTH_PX),
            (tag::IMAGE_LENGTH, HEIGHT_PX),
            (tag::BITS_PER_SAMPLE, 8),
            (tag::PHOTOMETRIC, 1),
            (tag::STRIP_BYTE_COUNTS, 256),
        ];
        let mut tags: BTreeMap<_, _> = plain.map(|(tag, value)| (tag, vec![value])).into();
        tags.insert(tag::STRIP_OFFSETS, vec![HEADER_BYTES as u32]);
        Self { tags, data }
    }

    pub(super) fn with(mut self, tag: u16, values: &[u32]) -> Self {
        self.tags.insert(tag, values.to_vec());
        self
    }

    pub(super) fn without(mut self, tag: u16) -> Self {
        self.tags.remove(&tag);
        self
    }

    /// Header, data, directory, values that do not fit into it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let directory = HEADER_BYTES + self.data.len();
        let mut elsewhere = directory + 2 + 12 * self.tags.len() + 4;
        let (mut entries, mut values) = (Vec::new(), Vec::new());
        for (tag, numbers) in &self.tags {
            entries.extend(tag.to_le_bytes());
            entries.extend(LONG.to_le_bytes());
            entries.extend((numbers.len() as u32).to_le_bytes());
            if let [number] = numbers[..] {
                entries.extend(number.to_le_bytes());
            } else {
                entries.extend((elsewhere as u32).to_le_bytes());
                values.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                elsewhere += 4 * numbers.len();
            }
        }
        let header = [b"II*\0".as_slice(), &(directory as u32).to_le_bytes()].concat();
        let count = (self.tags.len() as u16).to_le_bytes();
        [&header, &self.data, &count[..], &entries, &[0; 4], &values].concat()
    }
}
