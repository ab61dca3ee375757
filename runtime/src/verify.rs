//! Replays the results recorded in a bundle on this very machine.

use crate::inspector::{InspectError, Inspector};

/// The replay of all golden samples of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifyReport {
    /// One entry for each sample, in the manifest's order.
    pub samples: Vec<SampleReport>,
}

/// The replay of one golden sample.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleReport {
    /// Where the picture came from.
    pub name: String,
    /// The recorded image score.
    pub expected_score: f32,
    /// The image score on this machine.
    pub score: f32,
    /// Largest absolute difference between the two maps.
    pub largest_map_error: f32,
    /// Largest absolute difference allowed, of score and map: the manifest's
    /// `golden_tolerance` times the maximum of the recorded map.
    pub tolerance: f32,
    /// Whether score and map are within the tolerance.
    pub ok: bool,
}

impl VerifyReport {
    /// Whether the bundle has samples and all of them agreed.
    #[must_use]
    pub fn ok(&self) -> bool {
        !self.samples.is_empty() && self.samples.iter().all(|sample| sample.ok)
    }
}

/// Inspects every recorded picture again and compares with what was recorded.
///
/// Only a picture that cannot be inspected at all is an error; the report contains the
/// differences.
pub fn replay(inspector: &mut Inspector) -> Result<VerifyReport, InspectError> {
    let settings = inspector.manifest().settings.clone();
    let names = inspector.manifest().golden.clone();
    let records = inspector.golden_records().to_vec();
    let replayed = names.into_iter().zip(records).map(|(sample, record)| {
        let inspection = inspector.inspect(&record.picture)?;
        let recorded = &record.anomaly_map;
        let pairs = inspection.map.values.iter().zip(recorded);
        let largest_map_error = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let tolerance = settings.replay_tolerance(recorded);
        let score_error = (inspection.score - sample.score).abs();
        Ok(SampleReport {
            name: sample.name,
            expected_score: sample.score,
            score: inspection.score,
            largest_map_error,
            tolerance,
            ok: largest_map_error <= tolerance && score_error <= tolerance,
        })
    });
    Ok(VerifyReport {
        samples: replayed.collect::<Result<_, InspectError>>()?,
    })
}
