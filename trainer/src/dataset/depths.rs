//! The depths of the pictures of a data set.

use std::num::NonZeroU16;

use cfa_runtime::picture::SixteenBitUse;
use serde::Serialize;

/// Numbers of pictures with 8 and with 16 bits a sample, and the bits that the latter use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depths {
    /// Pictures with 8 bits a sample.
    pub eight_bit: usize,
    /// Pictures with 16 bits a sample.
    pub sixteen_bit: usize,
    /// The bits that all 16-bit samples together use.
    pub used: Option<SixteenBitUse>,
}

/// A finding about the depths that may make scores wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum DepthFinding {
    /// Some pictures have 8, others 16 bits a sample.
    MixedDepths {
        /// Pictures with 8 bits a sample.
        eight_bit: usize,
        /// Pictures with 16 bits a sample.
        sixteen_bit: usize,
    },
    /// All 16-bit samples use 10, 12 or 14 bits, and no white level says so.
    FewBits {
        /// Pictures with 16 bits a sample.
        pictures: usize,
        /// The largest sample in them.
        largest_sample: u16,
        /// The white level that they seem to have.
        suggested_white_level: u16,
    },
    /// Some 16-bit samples are above the white level, and are taken as white.
    AboveWhiteLevel {
        /// The largest sample.
        largest_sample: u16,
        /// The white level.
        white_level: u16,
    },
}

impl Depths {
    /// Counts one more picture; `None` is one with 8 bits a sample.
    pub fn add(&mut self, picture: Option<SixteenBitUse>) {
        let Some(used) = picture else {
            self.eight_bit += 1;
            return;
        };
        self.sixteen_bit += 1;
        self.used = Some(self.used.map_or(used, |before| before.and(used)));
    }

    /// Findings, for a model with this white level.
    #[must_use]
    pub fn findings(&self, white_level: Option<NonZeroU16>) -> Vec<DepthFinding> {
        let (eight_bit, sixteen_bit) = (self.eight_bit, self.sixteen_bit);
        let mixed = DepthFinding::MixedDepths {
            eight_bit,
            sixteen_bit,
        };
        let mixed = (eight_bit > 0 && sixteen_bit > 0).then_some(mixed);
        let unfit = self.used.and_then(|used| self.unfit(used, white_level));
        mixed.into_iter().chain(unfit).collect()
    }

    fn unfit(&self, used: SixteenBitUse, level: Option<NonZeroU16>) -> Option<DepthFinding> {
        let largest_sample = used.largest;
        if let Some(white_level) = level.map(NonZeroU16::get) {
            return (largest_sample > white_level).then_some(DepthFinding::AboveWhiteLevel {
                largest_sample,
                white_level,
            });
        }
        let suggested = used.suggested_white_level()?;
        Some(DepthFinding::FewBits {
            pictures: self.sixteen_bit,
            largest_sample,
            suggested_white_level: suggested.get(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depths(eight_bit: usize, samples: &[u16]) -> Depths {
        let mut depths = Depths::default();
        (0..eight_bit).for_each(|_| depths.add(None));
        for &sample in samples {
            let (largest, bits) = (sample, sample);
            depths.add(Some(SixteenBitUse { largest, bits }));
        }
        depths
    }

    #[test]
    fn pictures_that_are_all_alike_need_no_word() {
        assert_eq!(depths(9, &[]).findings(None), []);
        assert_eq!(depths(9, &[]).findings(NonZeroU16::new(4095)), []);
        assert_eq!(depths(0, &[40_001, 3]).findings(None), []);
        assert_eq!(depths(0, &[4095, 3]).findings(NonZeroU16::new(4095)), []);
        // Shifted up to the full range.
        assert_eq!(depths(0, &[160, 1600]).findings(None), []);
    }

    #[test]
    fn few_bits_suggest_a_white_level_unless_one_picture_has_more() {
        let found = DepthFinding::FewBits {
            pictures: 2,
            largest_sample: 4001,
            suggested_white_level: 4095,
        };
        assert_eq!(depths(0, &[4001, 7]).findings(None), [found]);
        assert_eq!(depths(0, &[4001, 7, 50_000]).findings(None), []);
    }

    #[test]
    fn mixed_depths_and_clipped_samples_are_reported() {
        let mixed = DepthFinding::MixedDepths {
            eight_bit: 3,
            sixteen_bit: 1,
        };
        let above = DepthFinding::AboveWhiteLevel {
            largest_sample: 1025,
            white_level: 1023,
        };
        let found = depths(3, &[1025]).findings(NonZeroU16::new(1023));
        assert_eq!(found, [mixed, above]);
    }
}
