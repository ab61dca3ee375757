//! The third stage of an inspection: from what the network described to map, score and
//! verdict.

use ndarray::Axis;
use rayon::ThreadPool;
use std::time::Instant;

use super::batch::{Described, DescribedRow};
use super::intake::{Origin, unless_cancelled};
use super::model::LoadedModel;
use super::{HeadPlacement, InspectError, Inspection, StageTimes};
use crate::calibration::DecisionRule;
use crate::cancellation::Cancellation;
use crate::cfa::anomaly_map::AnomalyMap;
use crate::cfa::head::{HeadError, HeadTimes, milliseconds_since};
use crate::invariant::BrokenInvariant;

impl LoadedModel {
    /// Map, score and verdict; computes in the current rayon pool, or on the calling
    /// thread and those of `helpers`.
    pub(super) fn finish(
        &self,
        described: Described,
        rule: Option<DecisionRule>,
        cancellation: Option<&Cancellation>,
        helpers: Option<&ThreadPool>,
    ) -> Result<Inspection, InspectError> {
        unless_cancelled(cancellation, || {
            let maps = described.rows.iter().map(|row| {
                let (map, times) = self.map(row, cancellation, helpers)?;
                Ok((map, times, row.by()))
            });
            let (map, head, by) = whole(maps.collect::<Result<_, HeadError>>()?)?;
            let times = StageTimes {
                neighbors_ms: head.neighbors_ms,
                map_ms: head.map_ms,
                ..described.times
            };
            let Origin {
                size,
                white_level,
                depth_remark,
                damage,
                picture,
            } = described.origin;
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
        })
    }

    /// The map of one row.
    fn map(
        &self,
        row: &DescribedRow,
        cancellation: Option<&Cancellation>,
        helpers: Option<&ThreadPool>,
    ) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        if row.by().head == HeadPlacement::Graph {
            return row.map();
        }
        let levels = row.outputs()?;
        let never = Cancellation::new();
        let cancellation = cancellation.unwrap_or(&never);
        self.head.anomaly_map_unless(&levels, cancellation, helpers)
    }
}

impl DescribedRow {
    /// The map as the network gave it.
    fn map(&self) -> Result<(AnomalyMap, HeadTimes), HeadError> {
        let started = Instant::now();
        let maps = self.outputs()?;
        let channels = maps.first().ok_or(HeadError::Layout)?;
        let values = channels.index_axis(Axis(0), 0).to_owned();
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

/// The map of the picture. Nothing puts several rows together yet, because each picture is
/// one row.
fn whole<T>(rows: Vec<T>) -> Result<T, BrokenInvariant> {
    let [whole] = <[T; 1]>::try_from(rows)
        .map_err(|_rows| BrokenInvariant("each picture is one row of the network's input"))?;
    Ok(whole)
}
