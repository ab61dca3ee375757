//! TIFF files.
//!
//! A small reader of our own reads the tags first. They decide whether the picture is read, as
//! Pillow and `OpenCV` show it, or refused with the name of the unsupported feature. Libraries
//! unpack the data, strip by strip or tile by tile. See `docs/PICTURES.md` for the table.

mod assembly;
mod chunks;
mod colour;
mod compression;
mod description;
mod directory;
mod fax;
mod jpeg_stream;
mod nested;
mod packbits;
mod refusal;
mod samples;
mod source;
mod tag;
#[cfg(test)]
mod tests;
mod unpacked;

use super::{Picture, PictureProblem, ReadOptions};
use chunks::Grid;
use description::Description;
use directory::Directory;
use source::Source;

/// Whether the first bytes are those of a TIFF or a `BigTIFF` file, in either byte order.
pub(super) fn is_tiff(encoded: &[u8]) -> bool {
    matches!(
        encoded,
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..]
    )
}

/// Reads the first picture of the file and ignores further pages, as other readers do.
pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    let directory = Directory::first(encoded)?;
    let description = Description::from_directory(&directory, options)?;
    let grid = Grid::from_directory(encoded, &directory, &description, &options.limits)?;
    let source = Source {
        file: encoded,
        jpeg_tables: directory.bytes(tag::JPEG_TABLES)?,
        description: &description,
        options,
    };
    assembly::picture(&source, &grid)
}

/// The orientation tag, 1 to 8; 1 (as stored) where the tag is missing or holds no such number.
pub(super) fn orientation(encoded: &[u8]) -> u8 {
    Directory::first(encoded)
        .and_then(|directory| directory.number(tag::ORIENTATION))
        .ok()
        .flatten()
        .and_then(|value| u8::try_from(value).ok())
        .filter(|value| (1..=8).contains(value))
        .unwrap_or(1)
}
