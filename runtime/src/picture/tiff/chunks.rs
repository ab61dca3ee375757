//! Places of the strips or tiles of a picture, in the file and in the picture.

use std::ops::Range;

use super::compression::Compression;
use super::description::Description;
use super::directory::Directory;
use super::refusal::damaged;
use super::tag;
use crate::picture::{Limits, PictureProblem};

/// The strips or tiles of all planes, from the left to the right and from top to bottom.
pub(super) struct Grid {
    chunk_width_px: usize,
    chunk_height_px: usize,
    across: usize,
    down: usize,
    /// Tiles are stored whole, beyond the border of the picture; the last strip is cut there.
    tiled: bool,
    picture_height_px: usize,
    ranges: Vec<Range<usize>>,
}

/// One strip or tile.
pub(super) struct Chunk {
    /// The sample it holds, if each sample has a plane of its own; else zero.
    pub(super) plane: usize,
    pub(super) left_px: usize,
    pub(super) top_px: usize,
    /// Columns that are stored, beyond the border of the picture too.
    pub(super) width_px: usize,
    /// Rows that are stored, beyond the border of the picture too.
    pub(super) height_px: usize,
    /// Its bytes in the file.
    pub(super) range: Range<usize>,
}

impl Grid {
    pub(super) fn from_directory(
        file: &[u8],
        directory: &Directory<'_>,
        description: &Description,
        limits: &Limits,
    ) -> Result<Self, PictureProblem> {
        let (width, height) = (description.width_px, description.height_px);
        let tile_width = directory.number(tag::TILE_WIDTH)?;
        let (chunk_width, chunk_height) = match tile_width {
            Some(tile_width) => {
                let tile_height = directory.required(tag::TILE_LENGTH, "TileLength")?;
                tile_size(tile_width, tile_height, limits)?
            }
            None => (width, rows_per_strip(directory, height)?),
        };
        let mut grid = Self {
            chunk_width_px: chunk_width as usize,
            chunk_height_px: chunk_height as usize,
            across: width.div_ceil(chunk_width) as usize,
            down: height.div_ceil(chunk_height) as usize,
            tiled: tile_width.is_some(),
            picture_height_px: height as usize,
            ranges: Vec::new(),
        };
        grid.ranges = grid.ranges(file, directory, description)?;
        Ok(grid)
    }

    /// All strips or tiles, plane after plane.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Chunk> + '_ {
        self.ranges.iter().enumerate().map(|(index, range)| {
            let in_plane = index % (self.across * self.down);
            Chunk {
                plane: index / (self.across * self.down),
                left_px: in_plane % self.across * self.chunk_width_px,
                top_px: in_plane / self.across * self.chunk_height_px,
                width_px: self.chunk_width_px,
                height_px: self.stored_rows(in_plane / self.across),
                range: range.clone(),
            }
        })
    }

    fn stored_rows(&self, row_of_chunks: usize) -> usize {
        let below = self.picture_height_px - row_of_chunks * self.chunk_height_px;
        if self.tiled {
            self.chunk_height_px
        } else {
            self.chunk_height_px.min(below)
        }
    }

    fn ranges(
        &self,
        file: &[u8],
        directory: &Directory<'_>,
        description: &Description,
    ) -> Result<Vec<Range<usize>>, PictureProblem> {
        let (offsets, byte_counts) = if self.tiled {
            (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
        };
        let offsets = directory
            .numbers(offsets)?
            .ok_or_else(|| damaged("the places of strips or tiles are missing"))?;
        let byte_counts = directory.list(byte_counts)?;
        let planes = if description.planar {
            description.samples
        } else {
            1
        };
        let needed = self.across * self.down * planes;
        if offsets.len() < needed {
            let found = offsets.len();
            return Err(damaged(format!(
                "{found} strips or tiles instead of {needed}"
            )));
        }
        (0..needed)
            .map(|index| {
                let rows = self.stored_rows(index % (self.across * self.down) / self.across);
                let unpacked = rows * description.row_bytes(self.chunk_width_px);
                let alone = needed == 1;
                // Some writers leave out a count, or set it to zero.
                let stated = byte_counts.get(index).copied().filter(|&count| count > 0);
                let length = match (description.compression, stated) {
                    // A count that is missing or wrong does no harm where the size is known.
                    (Compression::None, _) if alone => unpacked as u64,
                    (Compression::None, None) => unpacked as u64,
                    (_, None) if alone => file.len() as u64,
                    (_, None) => return Err(damaged("a strip or tile is empty")),
                    (_, Some(stated)) => stated,
                };
                range(file, offsets[index], length, description.compression)
            })
            .collect()
    }
}

/// The bytes of a strip or tile. Packed data may end with the file, because missing data are
/// noticed when they are unpacked.
fn range(
    file: &[u8],
    offset: u64,
    length: u64,
    compression: Compression,
) -> Result<Range<usize>, PictureProblem> {
    let end = offset.saturating_add(length);
    let file_end = file.len() as u64;
    if length == 0 {
        return Err(damaged("a strip or tile is empty"));
    }
    if offset >= file_end || (end > file_end && compression == Compression::None) {
        return Err(damaged("a strip or tile lies beyond the end of the file"));
    }
    Ok(offset as usize..end.min(file_end) as usize)
}

fn tile_size(width: u64, height: u64, limits: &Limits) -> Result<(u32, u32), PictureProblem> {
    let side = |side| u32::try_from(side).unwrap_or(u32::MAX);
    let (width, height) = (side(width), side(height));
    limits.check_upper(width, height)?;
    if width == 0 || height == 0 {
        return Err(damaged("its tiles have no size"));
    }
    Ok((width, height))
}

/// A strip holds the whole picture where the tag is missing.
fn rows_per_strip(directory: &Directory<'_>, height: u32) -> Result<u32, PictureProblem> {
    match directory.number(tag::ROWS_PER_STRIP)? {
        Some(0) => Err(damaged("RowsPerStrip is zero")),
        Some(rows) => Ok(u32::try_from(rows).map_or(height, |rows| rows.min(height))),
        None => Ok(height),
    }
}
