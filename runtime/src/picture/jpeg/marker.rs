//! The marker segments of a JPEG file (ITU T.81, annex B).

use memchr::memchr;

pub(super) const START_OF_IMAGE: u8 = 0xD8;
pub(super) const END_OF_IMAGE: u8 = 0xD9;
pub(super) const START_OF_SCAN: u8 = 0xDA;
pub(super) const JFIF: u8 = 0xE0;
pub(super) const ADOBE: u8 = 0xEE;

/// A marker with the bytes around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marker<'a> {
    pub(super) code: u8,
    /// Bytes before it that belong to no segment. In a scan these are the coded data.
    pub(super) skipped_bytes: usize,
    /// The bytes after the marker.
    pub(super) after: &'a [u8],
}

impl<'a> Marker<'a> {
    /// The next marker. `FF 00` stands for a data byte `FF`, and further `FF` are padding.
    pub(super) fn next(bytes: &'a [u8]) -> Option<Self> {
        let mut start = 0;
        loop {
            start += memchr(0xFF, bytes.get(start..)?)?;
            let fill = bytes.get(start..)?.iter().take_while(|&&b| b == 0xFF);
            let end = start + fill.count();
            match bytes.get(end)? {
                0x00 => start = end + 1,
                &code => {
                    return Some(Self {
                        code,
                        skipped_bytes: start,
                        after: bytes.get(end + 1..)?,
                    });
                }
            }
        }
    }

    /// The next marker that is no restart marker within a scan.
    pub(super) fn after_scan(mut bytes: &'a [u8]) -> Option<Self> {
        loop {
            let marker = Self::next(bytes)?;
            if !marker.is_restart() {
                return Some(marker);
            }
            bytes = marker.after;
        }
    }

    /// The contents of its segment and the bytes after it. `None` when the length is wrong,
    /// or the file ends within the segment.
    pub(super) fn segment(&self) -> Option<(&'a [u8], &'a [u8])> {
        // The length counts its own two bytes.
        let length = usize::from(u16::from_be_bytes(*self.after.first_chunk()?));
        Some((self.after.get(2..length)?, self.after.get(length..)?))
    }

    /// Whether no segment follows it: temporary and restart markers.
    pub(super) fn stands_alone(&self) -> bool {
        self.code == 0x01 || self.is_restart()
    }

    fn is_restart(&self) -> bool {
        matches!(self.code, 0xD0..=0xD7)
    }
}
