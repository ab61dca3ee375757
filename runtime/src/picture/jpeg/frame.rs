//! The kind of a JPEG file, by its frame header.

use super::super::PictureProblem;

/// The frame header (ITU T.81, B.2.2).
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// The marker, which gives the coding of the samples.
    code: u8,
    bits_per_sample: u8,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    pub(super) component_ids: Vec<u8>,
}

impl Frame {
    /// Whether a marker starts a frame. Tables and extensions lie between them.
    pub(super) fn is_started_by(code: u8) -> bool {
        matches!(code, 0xC0..=0xCF) && !matches!(code, 0xC4 | 0xC8 | 0xCC)
    }

    pub(super) fn read(code: u8, contents: &[u8]) -> Option<Self> {
        let (&[bits_per_sample, h1, h0, w1, w0, count], components) =
            contents.split_first_chunk()?;
        let components = components.get(..3 * usize::from(count))?;
        Some(Self {
            code,
            bits_per_sample,
            width_px: u32::from(u16::from_be_bytes([w1, w0])),
            height_px: u32::from(u16::from_be_bytes([h1, h0])),
            component_ids: components.chunks_exact(3).map(|c| c[0]).collect(),
        })
    }

    pub(super) fn is_progressive(&self) -> bool {
        self.code == 0xC2
    }

    /// Refuses a kind that is not read, by name.
    ///
    /// Arithmetic coding is refused because its decoder cannot tell that data are missing: of
    /// 252 files that were cut short, libjpeg warns of 9.
    pub(super) fn check_kind(&self, adobe_transform: Option<u8>) -> Result<(), PictureProblem> {
        let components = self.component_ids.len();
        let kind = match (self.code, self.bits_per_sample, components, adobe_transform) {
            (0xC3 | 0xCB, ..) => "lossless".to_owned(),
            (0xC5..=0xC7 | 0xCD..=0xCF, ..) => "hierarchical".to_owned(),
            (0xC9..=0xCA, ..) => "arithmetic coding".to_owned(),
            (_, bits, ..) if bits != 8 => format!("{bits} bits a sample"),
            _ if self.height_px == 0 => "a height that stands behind the picture".to_owned(),
            (_, _, 3, Some(0 | 1) | None) | (_, _, 4, Some(0 | 2) | None) | (_, _, 1, _) => {
                return Ok(());
            }
            (_, _, 3 | 4, Some(code)) => format!("unknown colour transform {code} of Adobe"),
            (_, _, count, _) => format!("{count} components"),
        };
        Err(PictureProblem::UnsupportedJpeg { kind })
    }
}
