//! One picture of the page, with the results of the model.

use std::ffi::OsStr;

use cfa_runtime::inspector::{InspectError, Inspector, PictureSize};
use cfa_runtime::picture::Picture;
use cfa_runtime::render::{heatmap, overlay};

use super::error::ReportError;
use super::thumbnail;
use crate::evaluation::{PictureScore, full_mask};

/// A picture and its results. Images are `data:` addresses.
#[derive(Debug)]
pub(super) struct Exhibit {
    /// Kind of defect and file, such as `scratch/003`.
    pub(super) name: String,
    pub(super) score: f32,
    pub(super) defective: bool,
    pub(super) picture: String,
    pub(super) heatmap: String,
    /// With the outline of the mask.
    pub(super) overlay: String,
    pub(super) mask: Option<String>,
}

impl Exhibit {
    pub(super) fn inspect(
        seen: &PictureScore,
        inspector: &mut Inspector,
    ) -> Result<Self, ReportError> {
        let path = &seen.picture.path;
        let picture = inspector.read_picture(path).map_err(InspectError::from)?;
        let inspection = inspector.inspect(&picture)?;
        let range = inspector.manifest().heatmap_range;
        let mask = full_mask(&seen.picture, size(&picture), inspector.reading())?;
        let mask = mask.map(|mask| thumbnail::mask(&mask)).transpose()?;
        let encode = |image| {
            thumbnail::jpeg(image).map_err(|source| ReportError::Encode {
                path: path.clone(),
                source,
            })
        };
        let mut blended = thumbnail::small(&overlay(&picture, &inspection, range));
        if let Some(mask) = &mask {
            thumbnail::outline(&mut blended, mask);
        }
        // A picture always has a file name. An empty stem would only change the caption.
        let stem = path.file_stem().map_or("".into(), OsStr::to_string_lossy);
        Ok(Self {
            name: format!("{}/{stem}", seen.picture.defect),
            score: seen.score,
            defective: seen.picture.is_defective(),
            picture: encode(&thumbnail::small(&inspector.recipe().to_rgb8(&picture)))?,
            heatmap: encode(&thumbnail::small(&heatmap(&inspection, range)))?,
            overlay: encode(&blended)?,
            mask: mask
                .map(|mask| thumbnail::png(&mask))
                .transpose()
                .map_err(|source| ReportError::Encode {
                    path: path.clone(),
                    source,
                })?,
        })
    }
}

fn size(picture: &Picture) -> PictureSize {
    PictureSize {
        width_px: picture.width_px(),
        height_px: picture.height_px(),
    }
}
