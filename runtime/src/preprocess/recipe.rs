//! The recipe that pictures are prepared by.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use super::PreprocessError;
use super::size::{MAX_SIDE_PX, Size};
use crate::picture::OrientationRule;

/// Mean of red, green and blue over `ImageNet`, samples in 0..1.
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation that belongs to [`IMAGENET_MEAN`].
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// How samples between pixels are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResizeFilter {
    /// A triangle as wide as one output pixel (never narrower than one input
    /// pixel), normalised at the borders. This is what Pillow's bilinear and
    /// torch's antialiased bilinear resize compute, here on floating samples.
    BilinearAntialias,
    /// Lanczos with three lobes on 8-bit samples, rows first, rounded after each
    /// direction: Pillow's to within one level. Deeper pictures are brought to 8 bits.
    #[serde(rename = "lanczos_8bit")]
    Lanczos8Bit,
}

/// What happens to the aspect ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AspectRule {
    /// Height and width are scaled apart, to exactly the size asked for.
    Stretch,
    /// The shorter side gets the size asked for, the longer one floor(size · longer /
    /// shorter), as torchvision's resize to one number does. The size must be square
    /// and followed by a centre crop.
    ShorterSide,
}

/// What a recipe is made of: plain settings, as they stand in a manifest.
///
/// [`Preprocessing::new`] says whether they can be carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreprocessingParts {
    /// Whether picture files and masks are turned as they ask. Bundles of format 3 do not
    /// name it, and were made with stored pixels.
    #[serde(default = "stored")]
    pub orientation: OrientationRule,
    /// The 16-bit sample that is white; what lies above it is white as well. `None` is
    /// 65535, the full range. Pictures with 8 bits a sample are white at 255 always.
    pub white_level: Option<NonZeroU16>,
    /// Size after the resize, before `aspect` lets one side grow.
    pub resize: Size,
    /// How the resize samples.
    pub filter: ResizeFilter,
    /// What the resize does to the aspect ratio.
    pub aspect: AspectRule,
    /// Size of the centre kept after the resize; `None` keeps all.
    pub center_crop: Option<Size>,
    /// Subtracted from red, green, blue (samples in 0..1).
    pub mean: [f32; 3],
    /// What red, green, blue are then divided by.
    pub std: [f32; 3],
}

/// The recipe: read, resize, crop the centre, normalise.
///
/// It can be carried out, because its parts were checked and cannot be changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PreprocessingParts", into = "PreprocessingParts")]
pub struct Preprocessing {
    parts: PreprocessingParts,
}

impl PreprocessingParts {
    /// The recipe for a backbone trained on `ImageNet`.
    #[must_use]
    pub fn imagenet(resize: Size, center_crop: Option<Size>) -> Self {
        Self {
            orientation: OrientationRule::Exif,
            white_level: None,
            resize,
            filter: ResizeFilter::BilinearAntialias,
            aspect: AspectRule::Stretch,
            center_crop,
            mean: IMAGENET_MEAN,
            std: IMAGENET_STD,
        }
    }

    fn input_size(&self) -> Size {
        self.center_crop.unwrap_or(self.resize)
    }

    /// Checks that sizes are in range, the crop fits and the normalisation is finite.
    fn check(&self) -> Result<(), PreprocessError> {
        let Size { height, width } = self.resize;
        if [height, width]
            .iter()
            .any(|side| !(1..=MAX_SIDE_PX).contains(side))
        {
            return Err(PreprocessError::ResizeOutOfRange { height, width });
        }
        let crop = self.input_size();
        if !(1..=height).contains(&crop.height) || !(1..=width).contains(&crop.width) {
            return Err(PreprocessError::CropOutOfRange {
                crop,
                resize: self.resize,
            });
        }
        let square_and_cropped = height == width && self.center_crop.is_some();
        if self.aspect == AspectRule::ShorterSide && !square_and_cropped {
            return Err(PreprocessError::ShorterSide {
                resize: self.resize,
            });
        }
        let mean_fits = self.mean.iter().all(|value| value.is_finite());
        let std_fits = self
            .std
            .iter()
            .all(|&value| value.is_normal() && value > 0.0);
        // What black and white become.
        let ends_fit = self.mean.iter().zip(&self.std).all(|(&mean, &std)| {
            let end = |value: f32| (value - mean) / std;
            end(0.0).is_finite() && end(1.0).is_finite()
        });
        if !(mean_fits && std_fits && ends_fit) {
            return Err(PreprocessError::Normalisation {
                mean: self.mean,
                std: self.std,
            });
        }
        Ok(())
    }
}

impl Preprocessing {
    /// Largest side of `resize`; keeps a hostile manifest from asking for more
    /// memory than a machine has.
    pub const MAX_SIDE_PX: usize = MAX_SIDE_PX;

    /// Makes sure that the parts can be carried out.
    ///
    /// # Errors
    /// A size is out of range, the crop does not fit, or the normalisation is not finite.
    pub fn new(parts: PreprocessingParts) -> Result<Self, PreprocessError> {
        parts.check()?;
        Ok(Self { parts })
    }

    /// The recipe for a backbone trained on `ImageNet`.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn imagenet(resize: Size, center_crop: Option<Size>) -> Result<Self, PreprocessError> {
        Self::new(PreprocessingParts::imagenet(resize, center_crop))
    }

    /// The settings.
    #[must_use]
    pub fn parts(&self) -> &PreprocessingParts {
        &self.parts
    }

    /// The recipe after a change of its settings.
    ///
    /// # Errors
    /// See [`new`](Self::new).
    pub fn changed(
        &self,
        change: impl FnOnce(&mut PreprocessingParts),
    ) -> Result<Self, PreprocessError> {
        let mut parts = self.parts.clone();
        change(&mut parts);
        Self::new(parts)
    }

    /// The recipe with another white level, of which every one is possible.
    #[must_use]
    pub fn with_white_level(mut self, white_level: Option<NonZeroU16>) -> Self {
        self.parts.white_level = white_level;
        self
    }

    /// Size of the network's input, and so of the anomaly map.
    #[must_use]
    pub fn input_size(&self) -> Size {
        self.parts.input_size()
    }
}

impl TryFrom<PreprocessingParts> for Preprocessing {
    type Error = PreprocessError;

    fn try_from(parts: PreprocessingParts) -> Result<Self, PreprocessError> {
        Self::new(parts)
    }
}

impl From<Preprocessing> for PreprocessingParts {
    fn from(recipe: Preprocessing) -> Self {
        recipe.parts
    }
}

fn stored() -> OrientationRule {
    OrientationRule::Stored
}
