//! From an inspection to what the caller receives.

use std::time::Instant;

use cfa_runtime::calibration::Decision;
use cfa_runtime::{Inspection, render};

use crate::fault::Fault;
use crate::frame::Frame;
use crate::types::{
    CFA_DECISION_NONE, CFA_DECISION_PASS, CFA_DECISION_REJECT, CFA_DECISION_REVIEW,
    CFA_REMARK_DAMAGED, cfa_decision, cfa_remarks, cfa_verdict,
};

/// It is below every threshold on p-values, so a comparison that ignores its meaning does not
/// pass a part.
const NO_P_VALUE: f64 = -1.0;

/// Where the inspected pixels lie in the caller's picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    picture: (u32, u32),
    offset: (u32, u32),
    pub(crate) inspected: (u32, u32),
}

impl Place {
    /// All of the picture.
    pub(crate) fn whole(picture: (u32, u32)) -> Self {
        Self {
            picture,
            offset: (0, 0),
            inspected: picture,
        }
    }

    pub(crate) fn of_frame(frame: &Frame<'_>) -> Self {
        Self {
            picture: frame.picture,
            offset: frame.offset,
            inspected: frame.inspected_size(),
        }
    }
}

pub(crate) fn verdict(inspection: &Inspection, place: Place, decode_ns: u64) -> cfa_verdict {
    let stages = &inspection.stages;
    cfa_verdict {
        struct_size: size_of::<cfa_verdict>() as u32,
        decision: decision(inspection),
        width_px: place.picture.0,
        height_px: place.picture.1,
        score: inspection.score,
        remarks: remarks(inspection),
        p_value: inspection.p_value.unwrap_or(NO_P_VALUE),
        peak_x_px: inspection.peak.x_px + f64::from(place.offset.0),
        peak_y_px: inspection.peak.y_px + f64::from(place.offset.1),
        decode_ns,
        preprocess_ns: nanoseconds(stages.preprocess_ms),
        network_ns: nanoseconds(stages.network_ms),
        neighbors_ns: nanoseconds(stages.neighbors_ms),
        map_ns: nanoseconds(stages.map_ms),
    }
}

fn remarks(inspection: &Inspection) -> cfa_remarks {
    if inspection.damage.is_some() {
        CFA_REMARK_DAMAGED
    } else {
        0
    }
}

fn decision(inspection: &Inspection) -> cfa_decision {
    match inspection.verdict.map(|verdict| verdict.decision) {
        None => CFA_DECISION_NONE,
        Some(Decision::Pass) => CFA_DECISION_PASS,
        Some(Decision::Review) => CFA_DECISION_REVIEW,
        Some(Decision::Reject) => CFA_DECISION_REJECT,
    }
}

/// The caller's memory for an anomaly map.
pub(crate) trait MapSink {
    /// Whether the map is wanted in the size of the picture instead of the model's own.
    fn in_picture_size(&self) -> bool;

    /// Refuses a map with too little room, and reports the size that it needs.
    fn check_room(&self, size_px: (u32, u32)) -> Result<(), Fault>;

    /// Writes size and values; values beyond the room are left out.
    fn fill(&self, size_px: (u32, u32), values: impl Iterator<Item = f32>);
}

/// Refuses a map with too little room before anything is computed.
pub(crate) fn check_room(
    map: Option<&impl MapSink>,
    model_px: (u32, u32),
    inspected: (u32, u32),
) -> Result<(), Fault> {
    let Some(map) = map else { return Ok(()) };
    map.check_room(if map.in_picture_size() {
        inspected
    } else {
        model_px
    })
}

pub(crate) fn fill(map: &impl MapSink, inspection: &Inspection) {
    if map.in_picture_size() {
        let size = inspection.picture_size;
        let values = render::values_in_picture(inspection);
        let values = values.map(|value| value.unwrap_or(f32::NAN));
        map.fill((size.width_px, size.height_px), values);
    } else {
        let (height, width) = inspection.map.values.dim();
        let values = inspection.map.values.iter().copied();
        map.fill((width as u32, height as u32), values);
    }
}

pub(crate) fn nanoseconds_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn nanoseconds(milliseconds: f64) -> u64 {
    (milliseconds * 1e6).round() as u64
}
