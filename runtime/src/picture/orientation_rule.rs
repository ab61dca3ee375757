//! Whether pictures are turned as their files ask.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What happens to a picture whose file records an orientation.
///
/// Files record it in EXIF (JPEG, PNG, `WebP`) or in tag 274 (TIFF). Pixels that are
/// already in memory record nothing and are never turned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrientationRule {
    /// The picture is turned as its file asks, as viewers, `ImageOps.exif_transpose` of
    /// Pillow and `imread` of `OpenCV` do. A record that cannot be read turns nothing.
    #[default]
    Exif,
    /// The pixels stay as they are stored.
    Stored,
}

impl OrientationRule {
    /// The name in bundles and options.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exif => "exif",
            Self::Stored => "stored",
        }
    }
}

impl FromStr for OrientationRule {
    type Err = UnknownOrientationRule;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "exif" => Ok(Self::Exif),
            "stored" => Ok(Self::Stored),
            _ => Err(UnknownOrientationRule(name.to_owned())),
        }
    }
}

/// A rule that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no orientation rule {0:?}; choose exif or stored")]
pub struct UnknownOrientationRule(pub String);
