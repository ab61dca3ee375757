//! The values of a mask file that mark defects.

use super::{Picture, Pixels};
use crate::invariant::BrokenInvariant;

/// Values up to this one are numbers of kinds of defects, not shades.
const HIGHEST_KIND: u16 = 31;
/// A value nearer to an end of the range than the range divided by this is noise.
const NOISE_DIVISOR: u16 = 8;

/// The values of a mask file, and their interpretation. The value of a pixel is its largest
/// colour sample, in the depth of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskValues {
    /// The smallest value.
    pub lowest: u16,
    /// The largest value.
    pub highest: u16,
    /// Number of different values.
    pub distinct: usize,
    /// Pixels from this value on are defective; `None` where nothing is drawn.
    pub defective_from: Option<u16>,
    /// Pixels that are farther than an eighth of the range from both of its ends, where
    /// shades were separated at half of the range.
    pub unclear_px: u64,
    /// Whether transparent pixels were taken for the ground. The values are those of the
    /// opaque pixels then.
    pub by_opacity: bool,
}

/// Flags of the defective pixels by their values alone.
pub(super) fn judged_by_value(
    picture: &Picture,
    lossy: bool,
) -> Result<(Vec<bool>, MaskValues), BrokenInvariant> {
    let pixels = pixel_values(picture);
    let counts = Histogram::new(&pixels)?;
    let defective_from = counts.defective_from(lossy);
    let shades = counts.are_shades(lossy);
    let values = MaskValues {
        defective_from,
        unclear_px: if shades { counts.between_ends() } else { 0 },
        ..counts.values()
    };
    let from = defective_from.map_or(u32::MAX, u32::from);
    let defects = pixels.iter().map(|&value| u32::from(value) >= from);
    Ok((defects.collect(), values))
}

/// Flags of the defective pixels where transparent ones are the ground.
pub(super) fn judged_by_opacity(
    picture: &Picture,
    opaque: &[bool],
) -> Result<(Vec<bool>, MaskValues), BrokenInvariant> {
    let pixels = pixel_values(picture);
    let drawn = pixels.iter().zip(opaque).filter(|(_, opaque)| **opaque);
    let drawn: Vec<u16> = drawn.map(|(&value, _)| value).collect();
    let counts = Histogram::new(&drawn)?;
    let dark_below = full_range(picture) / NOISE_DIVISOR;
    let some_are_dark = counts.lowest < dark_below && counts.highest >= dark_below;
    let from = if some_are_dark { dark_below } else { 0 };
    let values = MaskValues {
        defective_from: Some(from),
        by_opacity: true,
        ..counts.values()
    };
    let defective = |(&value, &opaque): (&u16, &bool)| opaque && value >= from;
    let defects = pixels.iter().zip(opaque).map(defective).collect();
    Ok((defects, values))
}

fn full_range(picture: &Picture) -> u16 {
    match picture.pixels() {
        Pixels::Eight(_) => u8::MAX.into(),
        Pixels::Sixteen(_) => u16::MAX,
    }
}

/// The largest colour sample of each pixel.
fn pixel_values(picture: &Picture) -> Vec<u16> {
    match picture.pixels() {
        Pixels::Eight(samples) => largest_of_three(samples),
        Pixels::Sixteen(samples) => largest_of_three(samples),
    }
}

fn largest_of_three<T: Copy + Ord + Into<u16>>(samples: &[T]) -> Vec<u16> {
    let (pixels, _) = samples.as_chunks::<3>();
    let largest = |&[red, green, blue]: &[T; 3]| red.max(green).max(blue).into();
    pixels.iter().map(largest).collect()
}

/// Number of pixels of each value.
struct Histogram {
    lowest: u16,
    highest: u16,
    /// Pixels, by value.
    counts: Vec<u64>,
}

impl Histogram {
    fn new(pixels: &[u16]) -> Result<Self, BrokenInvariant> {
        const SOME_PIXELS: BrokenInvariant = BrokenInvariant("a mask has pixels to judge");
        let highest = pixels.iter().copied().max().ok_or(SOME_PIXELS)?;
        let mut counts = vec![0; usize::from(highest) + 1];
        for &value in pixels {
            counts[usize::from(value)] += 1;
        }
        Ok(Self {
            lowest: pixels.iter().copied().min().ok_or(SOME_PIXELS)?,
            highest,
            counts,
        })
    }

    fn distinct(&self) -> usize {
        self.counts.iter().filter(|&&count| count > 0).count()
    }

    /// The rule of [`Mask::read`](super::Mask::read) for a file without transparent pixels.
    fn defective_from(&self, lossy: bool) -> Option<u16> {
        match (lossy, self.distinct()) {
            _ if self.are_shades(lossy) => Some(self.highest.div_ceil(2)),
            _ if self.highest == 0 => None,
            (true, _) => None,
            (false, ..=2) => Some(self.highest),
            (false, _) => Some(1),
        }
    }

    /// Whether the values are shades between ground and defect.
    fn are_shades(&self, lossy: bool) -> bool {
        self.highest > HIGHEST_KIND && (lossy || self.distinct() > 2)
    }

    /// Pixels with a value that is near neither end of the range from 0 on.
    fn between_ends(&self) -> u64 {
        let noise = usize::from(self.highest / NOISE_DIVISOR);
        let between = noise + 1..usize::from(self.highest) - noise;
        let counts = self.counts.iter().enumerate();
        let counts = counts.filter(|(value, _)| between.contains(value));
        counts.map(|(_, count)| count).sum()
    }

    fn values(&self) -> MaskValues {
        MaskValues {
            lowest: self.lowest,
            highest: self.highest,
            distinct: self.distinct(),
            defective_from: None,
            unclear_px: 0,
            by_opacity: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_without_pixels_is_a_bug_and_no_empty_mask() {
        assert!(Histogram::new(&[]).is_err());
    }

    #[test]
    fn pixels_between_the_ends_are_counted() {
        let counted = |pixels: &[u16]| Histogram::new(pixels).map(|counts| counts.between_ends());
        assert_eq!(counted(&[0, 31, 32, 128, 223, 224, 255]), Ok(3));
        assert_eq!(counted(&[0, 255]), Ok(0));
    }
}
