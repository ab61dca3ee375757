//! What an inspection does before and after the network, on any thread.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ndarray::{Array3, Axis};
use rayon::ThreadPool;

use super::model::Settings;
use super::{ComputedBy, HeadPlacement, InspectError, Inspection, PictureSize, StageTimes};
use crate::anomaly_map::AnomalyMap;
use crate::calibration::DecisionRule;
use crate::cancellation::Cancellation;
use crate::head::{HeadError, HeadTimes, milliseconds_since};
use crate::network::NetworkOutputs;
use crate::picture::{Picture, ReadOptions};

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
    /// See [`Picture::damage`].
    pub(super) damage: Option<String>,
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

impl Settings {
    /// Decodes and prepares a picture file.
    pub(super) fn prepare_file(
        &self,
        path: &Path,
        reading: &ReadOptions,
    ) -> Result<Prepared, InspectError> {
        let started = Instant::now();
        let picture = Picture::open(path, reading)?;
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
        let origin = Origin {
            size: PictureSize {
                width_px: picture.width_px(),
                height_px: picture.height_px(),
            },
            damage: picture.damage().map(str::to_owned),
        };
        Ok(Prepared {
            input,
            origin,
            times,
        })
    }

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
        let Origin { size, damage } = described.origin.clone();
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
