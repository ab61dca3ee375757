//! BMP files. A run-length encoding need not cover all pixels, and the decoder leaves the others
//! black. That counts as damage, because a file with lost data looks the same.

use image::ImageFormat;

use super::{Picture, PictureProblem, ReadOptions, bmp_header, general};

pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    bmp_header::refuse_unread(encoded)?;
    let picture = general::decode(encoded, ImageFormat::Bmp, options)?;
    let (width, height) = (picture.width_px() as usize, picture.height_px() as usize);
    let runs = Runs::find(encoded);
    let covered = runs.is_none_or(|runs| runs.cover(width, height));
    let damage = (!covered).then(|| "its run-length data do not cover the picture".to_owned());
    options.damage.judge(picture, damage)
}

/// Run-length data, and how many pixels lie in a byte of a literal run.
#[derive(Debug, Clone, Copy)]
struct Runs<'a> {
    data: &'a [u8],
    pixels_per_byte: usize,
}

impl<'a> Runs<'a> {
    const DATA_AT: usize = 10;
    const HEADER_SIZE_AT: usize = 14;
    const COMPRESSION_AT: usize = 30;
    /// A header of this size has no field for the compression.
    const CORE_HEADER_SIZE: u32 = 12;

    /// `None` for a file that is not run-length encoded.
    fn find(encoded: &'a [u8]) -> Option<Self> {
        let field = |at: usize| {
            let bytes = encoded.get(at..)?.first_chunk()?;
            Some(u32::from_le_bytes(*bytes))
        };
        if field(Self::HEADER_SIZE_AT)? == Self::CORE_HEADER_SIZE {
            return None;
        }
        let pixels_per_byte = match field(Self::COMPRESSION_AT)? {
            1 => 1,
            2 => 2,
            _ => return None,
        };
        let data = encoded.get(field(Self::DATA_AT)? as usize..)?;
        Some(Self {
            data,
            pixels_per_byte,
        })
    }

    /// Whether the runs fill each row of a picture of this size, and no more rows.
    fn cover(self, width: usize, height: usize) -> bool {
        let (mut row, mut column) = (0, 0);
        let mut rest = self.data;
        while let Some((&[count, value], after)) = rest.split_first_chunk() {
            rest = after;
            match (count, value) {
                (0, 0) if column < width => return false,
                (0, 0) => (row, column) = (row + 1, 0),
                (0, 1) => break,
                // A jump leaves pixels out.
                (0, 2) => return false,
                (0, literal) => {
                    let pixels = usize::from(literal);
                    let bytes = pixels.div_ceil(self.pixels_per_byte);
                    column += pixels;
                    // Nothing is left where the run ends with the file.
                    rest = rest.get(bytes.next_multiple_of(2)..).unwrap_or(&[]);
                }
                (run, _) => column += usize::from(run),
            }
        }
        (row, column) == (height, 0) || (row + 1 == height && column >= width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(data: &[u8], pixels_per_byte: usize) -> bool {
        let runs = Runs {
            data,
            pixels_per_byte,
        };
        runs.cover(5, 2)
    }

    #[test]
    fn runs_must_fill_every_row() {
        let row = [5, 7, 0, 0];
        let end = [0, 1];
        assert!(covers(&[&row[..], &row, &end].concat(), 1));
        assert!(covers(&[&row[..], &row[..2], &end].concat(), 1));
        assert!(covers(&[&[2, 7, 3, 8, 0, 0][..], &row, &end].concat(), 1));
        // Three literal pixels, padded to an even number of bytes.
        assert!(covers(
            &[&[2, 7, 0, 3, 1, 2, 3, 0, 0, 0][..], &row].concat(),
            1
        ));
        assert!(covers(&[&[0, 5, 1, 2, 3, 0, 0, 0][..], &row].concat(), 2));
        for missing in [
            &row[..],
            &[],
            &[4, 7, 0, 0, 5, 7],
            &[0, 2, 1, 0, 5, 7, 0, 0, 5, 7],
        ] {
            assert!(!covers(&[missing, &end].concat(), 1), "{missing:?}");
        }
        assert!(
            !covers(&[&row[..], &row, &row, &end].concat(), 1),
            "too many"
        );
    }
}
