//! The rules by which two pictures count as equal or as nearly equal.
//!
//! Equal is equal pixel by pixel. Nearly equal are pictures whose averages over 32×32
//! blocks hardly differ anywhere: copies that were compressed again, or pictures of one
//! part taken one after another. A block of another part, or one with a defect, differs by
//! several times as much. The figures behind the limits are in `docs/DATA.md`.

use cfa_runtime::picture::Picture;

/// Blocks along each side for brightness, and for colour.
const BLOCKS: usize = 32;
const COLOUR_BLOCKS: usize = 8;
/// Blocks of brightness along each side of one of colour.
const BLOCKS_PER_COLOUR: usize = BLOCKS / COLOUR_BLOCKS;

/// Units of a level, of which there are 256: fine enough that rounding does not matter.
const UNITS_PER_LEVEL: f32 = 16.0;
/// Largest difference of one block, in levels.
const LARGEST_DIFFERENCE: i32 = 5 * UNITS_PER_LEVEL as i32;
/// Largest average difference of all blocks: 1.2 levels.
const LARGEST_MEAN_DIFFERENCE: i32 = (1.2 * UNITS_PER_LEVEL) as i32;
/// Largest difference of the average brightness, in levels, because light flickers.
const LARGEST_BRIGHTNESS_DIFFERENCE: f32 = 8.0;
/// Pictures with less between their darkest and brightest block are stretched to this many
/// levels, so that dark and pale pictures are not alike for that alone.
const LEAST_CONTRAST: f32 = 64.0;
/// Below this contrast, in levels, pictures can only be compared pixel by pixel.
const NO_CONTRAST: f32 = 1.0;

/// A summary by which a picture is compared with others: 2.5 KB for any size of picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Fingerprint {
    pixel_digest: [u8; 32],
    size_px: [u32; 2],
    brightness: f32,
    has_contrast: bool,
    /// Brightness of the blocks against their average.
    blocks: Vec<i16>,
    /// Red, green and blue of larger blocks against that average.
    colours: Vec<i16>,
}

impl Fingerprint {
    /// Looks at all pixels once.
    #[must_use]
    pub fn new(picture: &Picture) -> Self {
        let means = picture.block_means(BLOCKS);
        let gray: Vec<f32> = means
            .iter()
            .map(|rgb| rgb.iter().sum::<f32>() / 3.0)
            .collect();
        let brightness = gray.iter().sum::<f32>() / gray.len() as f32;
        let darkest = gray.iter().copied().fold(f32::INFINITY, f32::min);
        let contrast = gray.iter().copied().fold(f32::NEG_INFINITY, f32::max) - darkest;
        let stretch = (LEAST_CONTRAST / contrast.max(NO_CONTRAST)).max(1.0);
        let units = |level: f32| ((level - brightness) * stretch * UNITS_PER_LEVEL).round() as i16;
        Self {
            pixel_digest: picture.pixel_digest(),
            size_px: [picture.width_px(), picture.height_px()],
            brightness,
            has_contrast: contrast >= NO_CONTRAST,
            blocks: gray.into_iter().map(units).collect(),
            colours: colours(&means).into_iter().map(units).collect(),
        }
    }

    /// Whether both are the same picture, pixel by pixel.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        self.pixel_digest == other.pixel_digest
    }

    /// Whether both are equal or nearly equal.
    #[must_use]
    pub fn resembles(&self, other: &Self) -> bool {
        self.equals(other) || self.nearly_equals(other)
    }

    fn nearly_equals(&self, other: &Self) -> bool {
        let brightness = (self.brightness - other.brightness).abs();
        self.size_px == other.size_px
            && self.has_contrast
            && other.has_contrast
            && brightness <= LARGEST_BRIGHTNESS_DIFFERENCE
            && are_close(&self.blocks, &other.blocks)
            && are_close(&self.colours, &other.colours)
    }

    /// The average brightness, 0 to 255.
    pub(super) fn brightness(&self) -> f32 {
        self.brightness
    }

    /// Pictures that are equal pixel by pixel.
    pub(super) fn pixel_digest(&self) -> [u8; 32] {
        self.pixel_digest
    }

    /// Largest difference between two average brightnesses.
    pub(super) const REACH: f32 = LARGEST_BRIGHTNESS_DIFFERENCE;
}

/// Averages of red, green and blue over the larger blocks.
fn colours(means: &[[f32; 3]]) -> Vec<f32> {
    let mut sums = vec![[0.0_f32; 3]; COLOUR_BLOCKS * COLOUR_BLOCKS];
    for (index, rgb) in means.iter().enumerate() {
        let (row, column) = (index / BLOCKS, index % BLOCKS);
        let block = row / BLOCKS_PER_COLOUR * COLOUR_BLOCKS + column / BLOCKS_PER_COLOUR;
        for (sum, value) in sums[block].iter_mut().zip(rgb) {
            *sum += value / (BLOCKS_PER_COLOUR * BLOCKS_PER_COLOUR) as f32;
        }
    }
    sums.into_flattened()
}

/// Row by row, because most pictures differ in the first one already.
fn are_close(some: &[i16], others: &[i16]) -> bool {
    let mut sum = 0;
    for (some, others) in some.chunks(BLOCKS).zip(others.chunks(BLOCKS)) {
        let differences = some
            .iter()
            .zip(others)
            .map(|(a, b)| i32::from(a.abs_diff(*b)));
        let (largest, total) = differences.fold((0, 0), |(largest, total), difference| {
            (difference.max(largest), total + difference)
        });
        sum += total;
        if largest > LARGEST_DIFFERENCE {
            return false;
        }
    }
    sum <= LARGEST_MEAN_DIFFERENCE * some.len() as i32
}
