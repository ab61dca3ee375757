//! What an inspection does before and after the network, on any thread.

use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ndarray::{Array3, Axis};
use rayon::ThreadPool;

use super::intake::Intake;
use super::model::Settings;
use super::{ComputedBy, HeadPlacement, InspectError, Inspection, PictureSize, StageTimes};
use crate::anomaly_map::AnomalyMap;
use crate::calibration::DecisionRule;
use crate::cancellation::Cancellation;
use crate::cfa::head::{HeadError, HeadTimes, milliseconds_since};
use crate::network::NetworkOutputs;
use crate::picture::Picture;
use crate::preprocess::DepthRemark;

/// A picture as the network takes it.
#[derive(Debug)]
pub(super) struct Prepared {
    /// 3 × height × width, normalised.
    pub(super) input: Array3<f32>,
    pub(super) origin: Origin,
    pub(super) times: StageTimes,
}

/// What is told of the picture itself.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) size: PictureSize,
    pub(super) white_level: Option<NonZeroU16>,
    pub(super) depth_remark: Option<DepthRemark>,
    /// See [`Picture::damage`].
    pub(super) damage: Option<String>,
    /// `None` unless pictures are kept.
    pub(super) picture: Option<Arc<Picture>>,
}

/// A picture as the network has described it.
#[derive(Debug)]
pub(super) struct Described {
    /// What the network gave for a batch: the levels, or the map with one channel.
    pub(super) outputs: Arc<NetworkOutputs>,
    /// Which picture of the batch it is.
    pub(super) index: usize,
    pub(super) by: ComputedBy,
    pub(super) origin: Origin,
    pub(super) times: StageTimes,
}

impl Intake {
    /// Decodes and prepares a picture file, and keeps the picture if that was asked for.
    pub(super) fn prepare_file(&self, path: &Path) -> Result<Prepared, InspectError> {
        let started = Instant::now();
        let picture = Picture::open(path, &self.reading)?;
        let mut prepared = self.prepare(&picture, milliseconds_since(started))?;
        prepared.origin.picture = self.keep_pictures.then(|| Arc::new(picture));
        Ok(prepared)
    }

    /// Resizes, crops and normalises.
    pub(super) fn prepare(
        &self,
        picture: &Picture,
        decode_ms: f64,
    ) -> Result<Prepared, InspectError> {
        let started = Instant::now();
        let input = self.recipe.apply(picture)?;
        let origin = self.origin(picture);
        let times = StageTimes {
            decode_ms,
            preprocess_ms: milliseconds_since(started),
            ..StageTimes::default()
        };
        Ok(Prepared {
            input,
            origin,
            times,
        })
    }

    fn origin(&self, picture: &Picture) -> Origin {
        Origin {
            size: PictureSize {
                width_px: picture.width_px(),
                height_px: picture.height_px(),
            },
            white_level: self.recipe.parts().white_level,
            depth_remark: self.recipe.depth_remark(picture),
            damage: picture.damage().map(str::to_owned),
            picture: None,
        }
    }
}

impl Settings {
    /// Map, score and verdict; computes in the current rayon pool, or on the calling
    /// thread and those of `helpers`.
    pub(super) fn finish(
        &self,
        described: &Described,
        rule: Option<DecisionRule>,
        cancellation: Option<&Cancellation>,
        helpers: Option<&ThreadPool>,
    ) -> Result<Inspection, InspectError> {
        let (map, head) = match described.by.head {
            HeadPlacement::Host => self.map(described, cancellation, helpers)?,
            HeadPlacement::Graph => described.map()?,
        };
        let &Described { by, times, .. } = described;
        let Origin {
            size,
            white_level,
            depth_remark,
            damage,
            picture,
        } = described.origin.clone();
        let times = StageTimes {
            neighbors_ms: head.neighbors_ms,
            map_ms: head.map_ms,
            ..times
        };
        let recipe = &self.manifest.preprocessing;
        let geometry = recipe.geometry(size.width_px, size.height_px);
        let inspection = Inspection::new(map, geometry, times, by, size);
        let inspection = Inspection {
            damage,
            picture,
            white_level,
            depth_remark,
            ..inspection
        };
        Ok(inspection.judged(&self.manifest.calibration, rule))
    }

    /// From the levels.
    fn map(
        &self,
        described: &Described,
        cancellation: Option<&Cancellation>,
        helpers: Option<&ThreadPool>,
    ) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        let levels: Vec<_> = described.outputs.of_picture(described.index).collect();
        let never = AtomicBool::new(false);
        let cancelled = cancellation.map_or(&never, Cancellation::flag);
        self.head.anomaly_map_unless(&levels, cancelled, helpers)
    }
}

impl Described {
    /// As the network gave it.
    fn map(&self) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        let started = Instant::now();
        let mut maps = self.outputs.of_picture(self.index);
        let channels = maps.next().ok_or(HeadError::Layout)?;
        let values = channels.index_axis_move(Axis(0), 0).to_owned();
        if !values.iter().all(|value| value.is_finite()) {
            return Err(HeadError::NotFinite);
        }
        let times = HeadTimes {
            map_ms: milliseconds_since(started),
            ..HeadTimes::default()
        };
        Ok((AnomalyMap { values }, times))
    }
}
