//! What an inspection does before and after the network, on any thread.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ndarray::{Array3, Array4, Axis};
use rayon::ThreadPool;

use super::model::Settings;
use super::{InspectError, Inspection, PictureSize, StageTimes};
use crate::calibration::DecisionRule;
use crate::cancellation::Cancellation;
use crate::head::milliseconds_since;
use crate::network::{Precision, Provider};
use crate::picture::{Limits, Picture};

/// A picture as the network takes it.
#[derive(Debug)]
pub(super) struct Prepared {
    /// 3 × height × width, normalised.
    pub(super) input: Array3<f32>,
    pub(super) size: PictureSize,
    pub(super) times: StageTimes,
}

/// A picture as the network has described it.
#[derive(Debug)]
pub(super) struct Described {
    /// The levels, each with a batch of one in front.
    pub(super) levels: Vec<Array4<f32>>,
    /// Who computed it, and how precisely.
    pub(super) by: (Provider, Precision),
    pub(super) size: PictureSize,
    pub(super) times: StageTimes,
}

impl Settings {
    /// Decodes and prepares a picture file.
    pub(super) fn prepare_file(
        &self,
        path: &Path,
        limits: &Limits,
    ) -> Result<Prepared, InspectError> {
        let started = Instant::now();
        let picture = Picture::open(path, limits)?;
        self.prepare(&picture, milliseconds_since(started))
    }

    /// Resizes, crops and normalises.
    pub(super) fn prepare(
        &self,
        picture: &Picture,
        decode_ms: f64,
    ) -> Result<Prepared, InspectError> {
        let started = Instant::now();
        let input = self.manifest.preprocessing.apply(picture)?;
        let times = StageTimes {
            decode_ms,
            preprocess_ms: milliseconds_since(started),
            ..StageTimes::default()
        };
        let size = PictureSize {
            width_px: picture.width_px(),
            height_px: picture.height_px(),
        };
        Ok(Prepared { input, size, times })
    }

    /// Map, score and verdict; computes in the current rayon pool, or on the calling
    /// thread and those of `helpers`.
    pub(super) fn finish(
        &self,
        described: Described,
        rule: Option<DecisionRule>,
        cancellation: Option<&Cancellation>,
        helpers: Option<&ThreadPool>,
    ) -> Result<Inspection, InspectError> {
        let Described {
            levels,
            by,
            size,
            times,
        } = described;
        let levels = levels.iter().map(|level| level.index_axis(Axis(0), 0));
        let levels: Vec<_> = levels.collect();
        let never = AtomicBool::new(false);
        let cancelled = cancellation.map_or(&never, Cancellation::flag);
        let (map, head) = self.head.anomaly_map_unless(&levels, cancelled, helpers)?;
        let times = StageTimes {
            neighbors_ms: head.neighbors_ms,
            map_ms: head.map_ms,
            ..times
        };
        let recipe = &self.manifest.preprocessing;
        let geometry = recipe.geometry(size.width_px, size.height_px);
        let inspection = Inspection::new(map, geometry, times, by, size);
        Ok(inspection.judged(&self.manifest.calibration, rule))
    }
}
