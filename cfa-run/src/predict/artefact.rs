//! What can be saved for a picture.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cfa_runtime::Inspection;
use cfa_runtime::bundle::HeatmapRange;
use cfa_runtime::render::{heatmap, overlay, png_bytes, tiff_bytes};
use clap::ValueEnum;

/// Something that can be saved for a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Artefact {
    /// The map in colours, PNG in the picture's size
    Heatmap,
    /// The picture with the map over it, PNG in the picture's size
    Overlay,
    /// Raw values, 32-bit floating-point TIFF in the map's size
    Tiff,
}

impl Artefact {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Heatmap => "heatmap",
            Self::Overlay => "overlay",
            Self::Tiff => "tiff",
        }
    }

    /// `sub/000` to `sub/000_heatmap.png` and the like.
    pub(super) fn path(self, stem: &Path) -> PathBuf {
        let mut path = stem.as_os_str().to_owned();
        path.push(match self {
            Self::Heatmap => "_heatmap.png",
            Self::Overlay => "_overlay.png",
            Self::Tiff => ".tiff",
        });
        path.into()
    }

    pub(super) fn encode(self, inspection: &Inspection, range: HeatmapRange) -> Result<Vec<u8>> {
        match self {
            Self::Heatmap => Ok(png_bytes(&heatmap(inspection, range))?),
            Self::Overlay => {
                let picture = inspection.picture.as_deref();
                let picture = picture.context("the inspected picture was not kept")?;
                Ok(png_bytes(&overlay(picture, inspection, range))?)
            }
            Self::Tiff => Ok(tiff_bytes(&inspection.map)?),
        }
    }
}
