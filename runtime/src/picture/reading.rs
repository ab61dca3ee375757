//! Options of reading picture files.

use super::{Limits, OrientationRule, Picture, PictureProblem};

/// The options by which a file becomes a [`Picture`](super::Picture).
///
/// Training and inspection must read with the same options: another option can give
/// other pixels, and so another score. For a model's pictures they come from
/// [`Preprocessing::reading`](crate::preprocess::Preprocessing::reading).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Files and pictures beyond these limits are refused.
    pub limits: Limits,
    /// Whether pictures are turned by the orientation that their files record.
    pub orientation: OrientationRule,
    /// Whether damaged pictures are refused.
    pub damage: DamageRule,
}

/// The handling of a damaged picture of which a part can still be decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DamageRule {
    /// It is an error. The lost part would be inspected as if the camera had seen it.
    #[default]
    Refuse,
    /// The picture is read, and [`Picture::damage`] describes the damage.
    Accept,
}

impl DamageRule {
    /// Refuses or marks a damaged picture, and returns an undamaged one unchanged.
    pub(super) fn judge(
        self,
        picture: Picture,
        damage: Option<String>,
    ) -> Result<Picture, PictureProblem> {
        match (self, damage) {
            (_, None) => Ok(picture),
            (Self::Refuse, Some(found)) => Err(PictureProblem::DamageFound { found }),
            (Self::Accept, Some(found)) => Ok(picture.damaged(found)),
        }
    }
}
