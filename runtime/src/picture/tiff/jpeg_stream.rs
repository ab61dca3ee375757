//! JPEG data of a strip or tile, completed to a JPEG file that says what its components are.
//!
//! In a TIFF the tables may lie in a tag, and the tags say whether components are RGB or YCbCr.
//! A JPEG file says so by a marker of JFIF or Adobe.

use super::refusal::{SAVE_PLAINLY, damaged, unsupported};
use crate::picture::PictureProblem;

/// The meaning of the components of a JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Gray,
    Rgb,
    YCbCr,
}

const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;
const JFIF: u8 = 0xE0;
const ADOBE: u8 = 0xEE;
/// Version 1.01, no density, no thumbnail: the components are gray or YCbCr.
const JFIF_SEGMENT: &[u8] = b"\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
/// Version 100, no flags, no transform: the components are RGB.
const ADOBE_SEGMENT: &[u8] = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";

pub(super) fn complete(
    tables: &[u8],
    data: &[u8],
    colours: Colours,
) -> Result<Vec<u8>, PictureProblem> {
    let mut stream = START_OF_IMAGE.to_vec();
    stream.extend_from_slice(match colours {
        Colours::Rgb => ADOBE_SEGMENT,
        Colours::Gray | Colours::YCbCr => JFIF_SEGMENT,
    });
    for segment in Segments::after_start(tables).take_while(|segment| !segment.is_end()) {
        segment.append_to(&mut stream);
    }
    let mut segments = Segments::after_start(data);
    for segment in segments.by_ref() {
        segment.check_components(colours)?;
        segment.append_to(&mut stream);
        if segment.marker == START_OF_SCAN {
            stream.extend_from_slice(segments.rest);
            return Ok(stream);
        }
    }
    Err(damaged("a strip or tile holds no JPEG data"))
}

/// A marker and the segment behind it.
struct Segment<'a> {
    marker: u8,
    /// Marker, length and content.
    bytes: &'a [u8],
}

impl Segment<'_> {
    fn is_end(&self) -> bool {
        self.marker == END_OF_IMAGE
    }

    /// Leaves out the segments in which another writer describes the components.
    fn append_to(&self, stream: &mut Vec<u8>) {
        if !matches!(self.marker, JFIF | ADOBE) {
            stream.extend_from_slice(self.bytes);
        }
    }

    /// A frame header tells the number of components after its sides.
    fn check_components(&self, colours: Colours) -> Result<(), PictureProblem> {
        const COMPONENTS_AT: usize = 9;
        let is_frame_header =
            matches!(self.marker, 0xC0..=0xCF) && !matches!(self.marker, 0xC4 | 0xC8 | 0xCC);
        let expected = if colours == Colours::Gray { 1 } else { 3 };
        match self.bytes.get(COMPONENTS_AT) {
            Some(&components) if is_frame_header && components != expected => Err(unsupported(
                format!("{components} JPEG components where the tags say {expected}"),
                SAVE_PLAINLY,
            )),
            _ => Ok(()),
        }
    }
}

/// The segments up to the first that is broken.
struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    fn after_start(stream: &'a [u8]) -> Self {
        Self {
            // A stream with another beginning has no segments.
            rest: stream.strip_prefix(&START_OF_IMAGE).unwrap_or(&[]),
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        while let [0xFF, 0xFF, ..] = self.rest {
            self.rest = &self.rest[1..];
        }
        let length = match *self.rest {
            [0xFF, END_OF_IMAGE, ..] => 2,
            [0xFF, _, high, low, ..] => 2 + usize::from(u16::from_be_bytes([high, low])),
            _ => return None,
        };
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let &marker = bytes.get(1)?;
        Some(Segment { marker, bytes })
    }
}
