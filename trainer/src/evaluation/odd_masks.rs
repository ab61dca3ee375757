//! Masks that a person should check.

use std::fmt;
use std::path::{Path, PathBuf};

use cfa_runtime::picture::{Mask, MaskValues, PICTURE_ENDINGS, ReadOptions};
use serde::{Serialize, Serializer};

use super::EvaluationError;
use super::left_out::as_text;
use crate::dataset::TestPicture;

/// A mask with an oddity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OddMask {
    /// The file.
    #[serde(serialize_with = "as_text")]
    pub mask: PathBuf,
    /// The oddity.
    #[serde(rename = "remark")]
    pub oddity: Oddity,
}

/// A possible fault of a mask, which was used nevertheless as each variant describes.
/// Serialises to its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// The mask of a defective picture has no defective pixel.
    Empty,
    /// More than half of the picture is set.
    MostlySet {
        /// Rounded down.
        percent: u64,
    },
    /// More than two values, separated at half of the range.
    Shades {
        /// Different values.
        distinct: usize,
        /// From here on a pixel is defective.
        defective_from: u16,
        /// Pixels near to neither end of the range.
        unclear_px: u64,
    },
    /// More than two values, all small.
    Kinds {
        /// Different values.
        distinct: usize,
        /// The largest.
        highest: u16,
    },
    /// The ground is not zero.
    GroundAboveZero {
        /// The smallest value.
        lowest: u16,
    },
    /// Transparent pixels were taken for the ground.
    ByOpacity,
    /// A mask with defects beside a good picture.
    OfGoodPicture,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no pixel is set, though the picture is a defective one"),
            Self::MostlySet { percent } => write!(
                f,
                "{percent} % of the pixels are set: is the mask inverted?"
            ),
            Self::Shades {
                distinct,
                defective_from,
                unclear_px,
            } => write!(
                f,
                "{distinct} different values: pixels from {defective_from} on count as defective \
                 ({unclear_px} pixels are near to neither end of the range)"
            ),
            Self::Kinds { distinct, highest } => write!(
                f,
                "{distinct} different values up to {highest}: all but 0 count as defective"
            ),
            Self::GroundAboveZero { lowest } => {
                write!(f, "the smallest value is {lowest}, and not 0")
            }
            Self::ByOpacity => f.write_str("the transparent pixels count as ground"),
            Self::OfGoodPicture => f.write_str(
                "pixels are set, though the picture is a good one: the mask is not used",
            ),
        }
    }
}

impl Serialize for Oddity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for OddMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.mask.display(), self.oddity)
    }
}

/// All that is odd about the mask of a defective picture.
pub(super) fn oddities(path: &Path, mask: &Mask, values: &MaskValues) -> Vec<OddMask> {
    let set = mask.defective_px();
    let empty = (set == 0).then_some(Oddity::Empty);
    let mostly = is_mostly_set(mask).then(|| Oddity::MostlySet {
        percent: 100 * set / mask.defects().len() as u64,
    });
    let odd = |oddity| OddMask {
        mask: path.to_owned(),
        oddity,
    };
    let found = [empty, mostly, of_values(values), of_ground(values)];
    found.into_iter().flatten().map(odd).collect()
}

fn of_values(values: &MaskValues) -> Option<Oddity> {
    let distinct = values.distinct;
    match values.defective_from {
        _ if values.by_opacity => Some(Oddity::ByOpacity),
        Some(1) if distinct > 2 => Some(Oddity::Kinds {
            distinct,
            highest: values.highest,
        }),
        Some(defective_from) if distinct > 2 => Some(Oddity::Shades {
            distinct,
            defective_from,
            unclear_px: values.unclear_px,
        }),
        _ => None,
    }
}

fn of_ground(values: &MaskValues) -> Option<Oddity> {
    let lowest = values.lowest;
    (lowest > 0 && !values.by_opacity).then_some(Oddity::GroundAboveZero { lowest })
}

/// Whether more than half of the pixels are set.
fn is_mostly_set(mask: &Mask) -> bool {
    2 * mask.defective_px() > mask.defects().len() as u64
}

/// Whether a mask is mostly set, and nearly all along its border: so look masks whose
/// ground is set.
pub(super) fn looks_inverted(mask: &Mask) -> bool {
    let (width, height) = (mask.width_px() as usize, mask.height_px() as usize);
    let on_border = |place: usize| {
        let (row, column) = (place / width, place % width);
        row == 0 || column == 0 || row + 1 == height || column + 1 == width
    };
    let border = mask.defects().iter().enumerate();
    let border: Vec<bool> = border
        .filter(|(place, _)| on_border(*place))
        .map(|(_, &set)| set)
        .collect();
    let set = border.iter().filter(|&&set| set).count();
    is_mostly_set(mask) && 20 * set >= 19 * border.len()
}

/// Fails when the masks look inverted for the most part.
pub(super) fn require_upright(inverted: &[PathBuf], masks: usize) -> Result<(), EvaluationError> {
    match inverted.first() {
        Some(first) if 2 * inverted.len() > masks => Err(EvaluationError::InvertedMasks {
            first: first.display().to_string(),
            inverted: inverted.len(),
            masks,
        }),
        _ => Ok(()),
    }
}

/// A mask with defects that lies where the mask of this good picture would: in
/// `ground_truth` beside the folder of test pictures.
pub(super) fn of_good_picture(picture: &TestPicture) -> Option<OddMask> {
    let kind = picture.path.parent()?;
    let truth = kind.parent()?.with_file_name("ground_truth");
    let folder = truth.join(kind.file_name()?);
    let stem = picture.path.file_stem()?.to_str()?;
    let names = ["_mask.", "."].into_iter().flat_map(|middle| {
        let name = move |ending: &str| format!("{stem}{middle}{ending}");
        PICTURE_ENDINGS.iter().map(move |ending| name(ending))
    });
    let path = names
        .map(|name| folder.join(name))
        .find(|path| path.is_file())?;
    // One that cannot be read is not used, and so does no harm.
    let mask = Mask::open(&path, &ReadOptions::default()).ok()?;
    (mask.defective_px() > 0).then_some(OddMask {
        mask: path,
        oddity: Oddity::OfGoodPicture,
    })
}
