//! Bilevel pictures as facsimile machines send them: ITU-T T.4 (Group 3) and T.6 (Group 4).
//!
//! The tables of codes are those of the `fax` crate. Its own decoders read Group 4 and one kind
//! of Group 3 only, and continue after a broken code with rows that no camera has seen.

use std::convert::Infallible;
use std::iter::repeat_n;

use fax::maps::{self, Mode};
use fax::{BitReader, ByteReader};

use super::refusal::damaged;
use super::samples::row_bytes;
use crate::picture::PictureProblem;

/// The coding of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Runs, each row from the start of a byte (compression 2).
    ByteAlignedRows,
    /// Runs, each row behind an end-of-line code (compression 3).
    Group3,
    /// Compression 3 with some rows as differences from the row above.
    Group3TwoDimensional,
    /// All rows as differences from the row above (compression 4).
    Group4,
}

/// Rows of one bit a pixel, filled up to whole bytes; 1 is black.
pub(super) fn unpacked(
    scheme: Scheme,
    packed: &[u8],
    width_px: usize,
    height_px: usize,
) -> Result<Vec<u8>, PictureProblem> {
    let mut decoder = Decoder::new(packed, width_px);
    let row_bytes = row_bytes(width_px, 1);
    let mut rows = vec![0; row_bytes * height_px];
    for row in rows.chunks_exact_mut(row_bytes.max(1)) {
        decoder.read_row(scheme).ok_or_else(|| {
            damaged("a CCITT strip or tile ends too early or holds a code that cannot be")
        })?;
        for black in decoder.changes.chunks(2) {
            let end = black.get(1).copied().unwrap_or(width_px);
            (black[0]..end).for_each(|x| row[x / 8] |= 0x80 >> (x % 8));
        }
    }
    Ok(rows)
}

struct Decoder<R> {
    bits: ByteReader<R>,
    width_px: usize,
    /// Columns at which the colour changes in the row read last; the first is the first black
    /// one. They rise, and lie before the width.
    changes: Vec<usize>,
}

impl<'a> Decoder<()> {
    /// Zero bytes behind the data let the last code be looked up; no code consists of zeros.
    #[allow(
        clippy::new_ret_no_self,
        reason = "the iterator of the reader has no name"
    )]
    fn new(
        packed: &'a [u8],
        width_px: usize,
    ) -> Decoder<impl Iterator<Item = Result<u8, Infallible>> + 'a> {
        let bytes = packed.iter().copied().chain(repeat_n(0, 4)).map(Ok);
        let Ok(bits) = ByteReader::new(bytes);
        Decoder {
            bits,
            width_px,
            changes: Vec::new(),
        }
    }
}

impl<R: Iterator<Item = Result<u8, Infallible>>> Decoder<R> {
    fn read_row(&mut self, scheme: Scheme) -> Option<()> {
        let changes = match scheme {
            Scheme::Group4 => self.differences()?,
            Scheme::ByteAlignedRows => {
                let changes = self.runs()?;
                self.skip(self.bits.bits_to_byte_boundary());
                changes
            }
            Scheme::Group3 => {
                self.skip_end_of_line()?;
                self.runs()?
            }
            Scheme::Group3TwoDimensional => {
                let found = self.skip_end_of_line()?;
                let one_dimensional = self.bits.peek(1)? == 1;
                self.skip(1);
                match (found, one_dimensional) {
                    (false, _) => None,
                    (true, true) => self.runs(),
                    (true, false) => self.differences(),
                }?
            }
        };
        self.changes = real_changes(changes, self.width_px);
        Some(())
    }

    /// Runs of white and black by turns, up to the width exactly.
    fn runs(&mut self) -> Option<Vec<usize>> {
        let mut changes = Vec::new();
        let (mut end, mut black) = (0, false);
        while end < self.width_px {
            end += self.run(black)?;
            changes.push(end);
            black = !black;
        }
        (end == self.width_px).then_some(changes)
    }

    /// A row as its differences from the row above (T.4, section 4.2).
    fn differences(&mut self) -> Option<Vec<usize>> {
        let mut changes = Vec::new();
        // The place before the first pixel counts as white.
        let (mut position, mut black) = (None, false);
        while position.unwrap_or(0) < self.width_px {
            let (above, after_above) = self.changes_above(position, black);
            let start = position.unwrap_or(0);
            position = Some(match maps::mode::decode(&mut self.bits)? {
                Mode::Pass => after_above,
                Mode::Vertical(shift) => {
                    let change = above.checked_add_signed(isize::from(shift))?;
                    changes.push(change);
                    black = !black;
                    change
                }
                Mode::Horizontal => {
                    let middle = start + self.run(black)?;
                    let end = middle + self.run(!black)?;
                    changes.extend([middle, end]);
                    end
                }
                Mode::Extension | Mode::EOF => return None,
            });
            let valid = start..=self.width_px;
            if !position.is_some_and(|position| valid.contains(&position)) {
                return None;
            }
        }
        Some(changes)
    }

    /// The next change to the other colour in the row above, right of `position`, and the change
    /// behind it (b1 and b2 of the standard).
    fn changes_above(&self, position: Option<usize>, black: bool) -> (usize, usize) {
        let right = |&change: &usize| position.is_none_or(|position| change > position);
        let mut index = self.changes.partition_point(|change| !right(change));
        index += usize::from((index % 2 == 1) != black);
        let change = |index: usize| self.changes.get(index).copied().unwrap_or(self.width_px);
        (change(index), change(index + 1))
    }

    /// The length of a run: codes of multiples of 64, and one below 64.
    fn run(&mut self, black: bool) -> Option<usize> {
        let mut length = 0;
        loop {
            let code = if black {
                maps::black::decode(&mut self.bits)?
            } else {
                maps::white::decode(&mut self.bits)?
            };
            length += usize::from(code);
            if code < 64 {
                return Some(length);
            }
            if length > self.width_px {
                return None;
            }
        }
    }

    /// Skips an end-of-line code: at least eleven zeros and a one. Returns whether there was one.
    fn skip_end_of_line(&mut self) -> Option<bool> {
        const ZEROS: u8 = 11;
        if self.bits.peek(ZEROS)? != 0 {
            return Some(false);
        }
        while self.bits.peek(1)? == 0 {
            self.skip(1);
        }
        self.skip(1);
        Some(true)
    }

    fn skip(&mut self, bits: u8) {
        let Ok(()) = self.bits.consume(bits);
    }
}

/// Drops changes without effect: pairs at the same column, and changes at the end of the row.
fn real_changes(changes: Vec<usize>, width_px: usize) -> Vec<usize> {
    let mut real: Vec<usize> = Vec::with_capacity(changes.len());
    for change in changes {
        if real.last() == Some(&change) {
            real.pop();
        } else {
            real.push(change);
        }
    }
    while real.last() == Some(&width_px) {
        real.pop();
    }
    real
}
