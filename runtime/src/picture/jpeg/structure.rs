//! The structure of a JPEG file, as far as it must be known before decoding.

use super::super::PictureProblem;
use super::frame::Frame;
use super::marker::{ADOBE, END_OF_IMAGE, JFIF, Marker, START_OF_IMAGE, START_OF_SCAN};
use super::scans::Completeness;
use crate::invariant::BrokenInvariant;

/// A JFIF header of version 1.1 without a thumbnail.
const PLAIN_JFIF: &[u8] = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
/// Place of the colour transform in Adobe's segment.
const ADOBE_TRANSFORM_AT: usize = 11;
/// The contents of a scan header for one component.
const SHORTEST_SCAN_HEADER: usize = 6;
/// The last bytes of the header of a scan that holds all coefficients to the last bit.
const WHOLE_SPECTRUM: [u8; 3] = [0, 63, 0];

const MARKER_IS_THERE: BrokenInvariant =
    BrokenInvariant("a marker lies in the bytes that it was found in");
const SPECTRUM_IS_THERE: BrokenInvariant =
    BrokenInvariant("the header of a scan lies in its JPEG file");

/// The parts of a JPEG file.
#[derive(Debug)]
pub(super) struct Structure<'a> {
    pub(super) frame: Frame,
    /// The segments before the first scan that matter for pixels.
    segments: Vec<(u8, &'a [u8])>,
    /// Bytes between these segments that belong to none, and the marker that follows them.
    pub(super) stray: Option<(usize, u8)>,
    /// From the marker of the first scan on.
    scans: &'a [u8],
    found: Scans,
}

impl<'a> Structure<'a> {
    /// Follows the markers, and refuses kinds that are not read. Thumbnails lie inside a
    /// segment and are skipped with it.
    pub(super) fn read(encoded: &'a [u8]) -> Result<Self, PictureProblem> {
        let mut header = Header::default();
        let mut rest = encoded.get(2..).ok_or(PictureProblem::CutShort)?;
        let scans = loop {
            let marker = Marker::next(rest).ok_or(PictureProblem::CutShort)?;
            header.notice_stray(&marker);
            match marker.code {
                START_OF_SCAN => {
                    break rest.get(marker.skipped_bytes..).ok_or(MARKER_IS_THERE)?;
                }
                END_OF_IMAGE => return Err(damaged("it ends before the picture starts")),
                START_OF_IMAGE => return Err(damaged("it starts twice")),
                _ if marker.stands_alone() => rest = marker.after,
                _ => rest = header.take(&marker)?,
            }
        };
        let frame = header
            .frame
            .ok_or_else(|| damaged("it has no frame header"))?;
        frame.check_kind(header.adobe_transform)?;
        Ok(Self {
            found: Scans::follow(scans, &frame),
            frame,
            segments: header.segments,
            stray: header.stray,
            scans,
        })
    }

    /// Whether there is an end-of-image marker.
    pub(super) fn has_end(&self) -> bool {
        self.found.has_end
    }

    /// Whether the scans hold all coefficients of all components.
    pub(super) fn is_complete(&self) -> bool {
        self.found.are_complete
    }

    /// A file of the segments that matter for pixels, closed by an end marker. A warning of
    /// libjpeg about this file means damage to the pixels.
    pub(super) fn plain_file(&self) -> Result<Vec<u8>, BrokenInvariant> {
        let mut file = vec![0xFF, START_OF_IMAGE];
        for (code, contents) in &self.segments {
            let length = contents.len() as u16 + 2;
            file.extend([0xFF, *code]);
            file.extend(length.to_be_bytes());
            file.extend(*contents);
        }
        let first_scan = file.len();
        file.extend(self.scans);
        for &at in &self.found.wrong_spectra {
            let spectrum = file.get_mut(first_scan + at..first_scan + at + WHOLE_SPECTRUM.len());
            let spectrum = spectrum.ok_or(SPECTRUM_IS_THERE)?;
            spectrum.copy_from_slice(&WHOLE_SPECTRUM);
        }
        if !self.found.has_end {
            file.extend([0xFF, END_OF_IMAGE]);
        }
        Ok(file)
    }
}

/// Findings before the first scan.
#[derive(Debug, Default)]
struct Header<'a> {
    frame: Option<Frame>,
    segments: Vec<(u8, &'a [u8])>,
    stray: Option<(usize, u8)>,
    adobe_transform: Option<u8>,
}

impl<'a> Header<'a> {
    fn notice_stray(&mut self, marker: &Marker<'_>) {
        if marker.skipped_bytes > 0 && self.stray.is_none() {
            self.stray = Some((marker.skipped_bytes, marker.code));
        }
    }

    /// Takes a segment and gives what follows it.
    fn take(&mut self, marker: &Marker<'a>) -> Result<&'a [u8], PictureProblem> {
        let (contents, rest) = marker.segment().ok_or(PictureProblem::CutShort)?;
        let code = marker.code;
        if Frame::is_started_by(code) && self.frame.is_none() {
            let frame = Frame::read(code, contents);
            self.frame = Some(frame.ok_or_else(|| damaged("its frame header is too short"))?);
        }
        match code {
            // libjpeg only asks whether the segment is there; its content is for printers.
            JFIF if contents.starts_with(b"JFIF\0") && contents.len() >= PLAIN_JFIF.len() => {
                self.segments.push((code, PLAIN_JFIF));
            }
            ADOBE if contents.starts_with(b"Adobe") && contents.len() > ADOBE_TRANSFORM_AT => {
                self.adobe_transform = Some(contents[ADOBE_TRANSFORM_AT]);
                self.segments.push((code, contents));
            }
            // Comments and all other segments of applications.
            0xE0..=0xEF | 0xFE => {}
            _ => self.segments.push((code, contents)),
        }
        Ok(rest)
    }
}

/// Findings from the first scan on.
#[derive(Debug)]
struct Scans {
    has_end: bool,
    are_complete: bool,
    /// Places where a scan of a file that is not progressive claims to hold a part of the
    /// spectrum. Such a scan holds all of it, but libjpeg warns.
    wrong_spectra: Vec<usize>,
}

impl Scans {
    fn follow(scans: &[u8], frame: &Frame) -> Self {
        let mut completeness = Completeness::new(frame);
        let (mut has_end, mut wrong_spectra) = (false, Vec::new());
        let mut rest = scans;
        while let Some(marker) = Marker::after_scan(rest) {
            has_end = marker.code == END_OF_IMAGE;
            let Some((contents, after)) = marker.segment().filter(|_| !has_end) else {
                break;
            };
            if marker.code == START_OF_SCAN {
                completeness.add(contents);
                let has_spectrum = contents.len() >= SHORTEST_SCAN_HEADER;
                let claims_whole = frame.is_progressive() || contents.ends_with(&WHOLE_SPECTRUM);
                if has_spectrum && !claims_whole {
                    wrong_spectra.push(scans.len() - after.len() - WHOLE_SPECTRUM.len());
                }
            }
            rest = after;
        }
        Self {
            has_end,
            are_complete: completeness.is_complete(),
            wrong_spectra,
        }
    }
}

fn damaged(found: &str) -> PictureProblem {
    PictureProblem::DamageFound {
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use image::{ImageFormat, RgbImage};

    use super::*;

    #[test]
    fn a_scan_header_beyond_the_file_is_a_bug_and_left_out_of_nothing() {
        let mut file = std::io::Cursor::new(Vec::new());
        let picture = RgbImage::new(16, 16);
        picture.write_to(&mut file, ImageFormat::Jpeg).unwrap();
        let file = file.into_inner();
        let mut structure = Structure::read(&file).unwrap();
        assert!(structure.plain_file().is_ok());
        structure.found.wrong_spectra = vec![file.len()];
        assert_eq!(structure.plain_file(), Err(SPECTRUM_IS_THERE));
    }
}
