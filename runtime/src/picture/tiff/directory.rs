//! The directory of tags of the first picture in a file: classic TIFF and `BigTIFF`.

use super::refusal::damaged;
use crate::picture::PictureProblem;

/// Order of the bytes in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    LittleEndian,
    BigEndian,
}

/// The tags of one picture. A value is looked at when it is asked for, so that a comment or a
/// private tag may be broken without harm.
pub(super) struct Directory<'a> {
    fields: Fields<'a>,
    entries: Vec<Entry<'a>>,
}

/// One tag. Its value lies in `inline` if it fits, and else where `inline` points to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry<'a> {
    tag: u16,
    kind: u16,
    count: u64,
    inline: &'a [u8],
}

/// Sizes of the fields that differ between classic TIFF and `BigTIFF`, in bytes.
struct Widths {
    entry_count: usize,
    value_count: usize,
    inline_value: usize,
}

const CLASSIC: Widths = Widths {
    entry_count: 2,
    value_count: 4,
    inline_value: 4,
};
const BIG: Widths = Widths {
    entry_count: 8,
    value_count: 8,
    inline_value: 8,
};

impl<'a> Directory<'a> {
    /// Reads the directory that the header points to.
    pub(super) fn first(file: &'a [u8]) -> Result<Self, PictureProblem> {
        let byte_order = match file {
            [b'M', ..] => ByteOrder::BigEndian,
            _ => ByteOrder::LittleEndian,
        };
        let fields = Fields { file, byte_order };
        let (widths, start) = match fields.number(2, 2) {
            Some(43) => (BIG, fields.number(8, 8)),
            _ => (CLASSIC, fields.number(4, 4)),
        };
        let entries = start
            .and_then(|start| fields.entries(usize::try_from(start).ok()?, &widths))
            .ok_or_else(|| damaged("the directory lies beyond the end of the file"))?;
        Ok(Self { fields, entries })
    }

    pub(super) fn byte_order(&self) -> ByteOrder {
        self.fields.byte_order
    }

    /// The numbers of a tag, or nothing where the tag is missing.
    pub(super) fn numbers(&self, tag: u16) -> Result<Option<Vec<u64>>, PictureProblem> {
        let entry = self.entry(tag)?;
        entry.map(|entry| self.entry_numbers(entry)).transpose()
    }

    /// The numbers of a tag; none where the tag is missing.
    pub(super) fn list(&self, tag: u16) -> Result<Vec<u64>, PictureProblem> {
        let entry = self.entry(tag)?;
        entry.map_or(Ok(Vec::new()), |entry| self.entry_numbers(entry))
    }

    fn entry_numbers(&self, entry: &Entry<'a>) -> Result<Vec<u64>, PictureProblem> {
        let width = element_bytes(entry.kind)
            .ok_or_else(|| damaged(format!("tag {} holds no whole numbers", entry.tag)))?;
        let numbers = self.value(entry, width)?.chunks_exact(width);
        let byte_order = self.byte_order();
        Ok(numbers.map(|bytes| number(bytes, byte_order)).collect())
    }

    /// The first number of a tag, or nothing where the tag is missing.
    pub(super) fn number(&self, tag: u16) -> Result<Option<u64>, PictureProblem> {
        match self.numbers(tag)?.as_deref() {
            None => Ok(None),
            Some([first, ..]) => Ok(Some(*first)),
            Some([]) => Err(damaged(format!("tag {tag} is empty"))),
        }
    }

    /// The first number of a tag that must be there.
    pub(super) fn required(&self, tag: u16, name: &str) -> Result<u64, PictureProblem> {
        self.number(tag)?
            .ok_or_else(|| damaged(format!("the tag {name} is missing")))
    }

    /// The bytes of a tag, or nothing where the tag is missing.
    pub(super) fn bytes(&self, tag: u16) -> Result<Option<&'a [u8]>, PictureProblem> {
        self.entry(tag)?
            .map(|entry| self.value(entry, 1))
            .transpose()
    }

    /// Two entries for one tag would mean two things to two readers.
    fn entry(&self, tag: u16) -> Result<Option<&Entry<'a>>, PictureProblem> {
        let mut found = self.entries.iter().filter(|entry| entry.tag == tag);
        let first = found.next();
        if found.any(|other| Some(other) != first) {
            return Err(damaged(format!("tag {tag} occurs twice")));
        }
        Ok(first)
    }

    fn value(&self, entry: &Entry<'a>, width: usize) -> Result<&'a [u8], PictureProblem> {
        self.fields.value(entry, width).ok_or_else(|| {
            let tag = entry.tag;
            damaged(format!(
                "the value of tag {tag} lies beyond the end of the file"
            ))
        })
    }
}

/// Numbers at places in the file; nothing beyond its end.
struct Fields<'a> {
    file: &'a [u8],
    byte_order: ByteOrder,
}

impl<'a> Fields<'a> {
    fn entries(&self, start: usize, widths: &Widths) -> Option<Vec<Entry<'a>>> {
        let entry_bytes = 4 + widths.value_count + widths.inline_value;
        let count = usize::try_from(self.number(start, widths.entry_count)?).ok()?;
        let first = start.checked_add(widths.entry_count)?;
        let entries = self.bytes(first, count.checked_mul(entry_bytes)?)?;
        Some(
            entries
                .chunks_exact(entry_bytes)
                .map(|entry| self.entry(entry, widths))
                .collect(),
        )
    }

    fn entry(&self, bytes: &'a [u8], widths: &Widths) -> Entry<'a> {
        let (tag, rest) = bytes.split_at(2);
        let (kind, rest) = rest.split_at(2);
        let (count, inline) = rest.split_at(widths.value_count);
        Entry {
            tag: number(tag, self.byte_order) as u16,
            kind: number(kind, self.byte_order) as u16,
            count: number(count, self.byte_order),
            inline,
        }
    }

    fn value(&self, entry: &Entry<'a>, width: usize) -> Option<&'a [u8]> {
        let length = usize::try_from(entry.count).ok()?.checked_mul(width)?;
        if length <= entry.inline.len() {
            return entry.inline.get(..length);
        }
        let offset = number(entry.inline, self.byte_order);
        self.bytes(usize::try_from(offset).ok()?, length)
    }

    fn bytes(&self, start: usize, length: usize) -> Option<&'a [u8]> {
        self.file.get(start..start.checked_add(length)?)
    }

    fn number(&self, start: usize, width: usize) -> Option<u64> {
        Some(number(self.bytes(start, width)?, self.byte_order))
    }
}

/// Up to eight bytes as a number.
fn number(bytes: &[u8], byte_order: ByteOrder) -> u64 {
    let append = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    match byte_order {
        ByteOrder::LittleEndian => bytes.iter().rev().fold(0, append),
        ByteOrder::BigEndian => bytes.iter().fold(0, append),
    }
}

/// Bytes of one element, if the kind is a whole number or an offset. Some writers store numbers
/// as signed; a negative one becomes too large to mean anything.
fn element_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 6 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 13 => Some(4),
        16..=18 => Some(8),
        _ => None,
    }
}
