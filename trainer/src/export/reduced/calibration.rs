//! Scores and thresholds of the new network in place of the old one's.

use std::path::PathBuf;

use cfa_runtime::bundle::Manifest;
use cfa_runtime::calibration::{Basis, Calibration, CalibrationError, DecisionRule};

use super::scores::{CalibrationFate, Recalibrated, ScorePair};
use crate::dataset::{Copies, DatasetError, GoodSplit, content_digest};
use crate::training::TrainingIdentity;

/// Largest difference of a recorded good score and its repetition, relative. The same
/// network on another machine differs by less (METHOD.md, section 14), another picture by more.
const SAME_SCORE: f32 = 1e-3;

/// The pictures as they served in the training; all to train on when they are others.
pub(super) fn split(
    manifest: &Manifest,
    good: &[PathBuf],
    copies: &Copies,
) -> Result<GoodSplit, DatasetError> {
    if let Ok(identity) = serde_json::from_value::<TrainingIdentity>(manifest.training.clone()) {
        let shares = &identity.settings;
        let (calibration, selection) = (shares.calibration_split, shares.selection_split);
        let split = GoodSplit::apart(good, copies, calibration, selection);
        if content_digest(&split.all())? == identity.pictures_sha256 {
            return Ok(split);
        }
    }
    Ok(GoodSplit {
        training: good.to_vec(),
        ..GoodSplit::default()
    })
}

/// Replaces the recorded good scores, if they are those of the pictures held out.
pub(super) fn recalibrated(
    manifest: &Manifest,
    split: &GoodSplit,
    scores: &[ScorePair],
) -> Result<Recalibrated, CalibrationError> {
    let held_out = scores
        .iter()
        .filter(|pair| split.calibration.contains(&pair.path));
    recalibrated_of(&manifest.calibration, &held_out.collect::<Vec<_>>())
}

pub(super) fn recalibrated_of(
    old: &Calibration,
    held_out: &[&ScorePair],
) -> Result<Recalibrated, CalibrationError> {
    let without = |fate| Recalibrated {
        calibration: Calibration::default(),
        fate,
    };
    if *old == Calibration::default() {
        return Ok(without(CalibrationFate::None));
    }
    let before = held_out.iter().map(|pair| pair.before).collect();
    if !same_scores(before, &old.good_scores) {
        return Ok(without(CalibrationFate::Removed));
    }
    let after = held_out.iter().map(|pair| pair.after).collect();
    let mut calibration = Calibration::from_good_scores(after)?;
    calibration.rule = moved_rule(old, &calibration);
    let lost = (old.rule.is_some() && calibration.rule.is_none()) || old.f1_max.is_some();
    let fate = if lost {
        CalibrationFate::Removed
    } else {
        CalibrationFate::Recomputed
    };
    Ok(Recalibrated { calibration, fate })
}

fn same_scores(mut repeated: Vec<f32>, recorded: &[f32]) -> bool {
    repeated.sort_by(f32::total_cmp);
    let same = |(a, b): (&f32, &f32)| (a - b).abs() <= SAME_SCORE * b.abs();
    !recorded.is_empty()
        && repeated.len() == recorded.len()
        && repeated.iter().zip(recorded).all(same)
}

/// A rule of false-reject rates, its thresholds at the ranks that they had; of equal scores
/// at the highest, because those below must not exceed the threshold either. Other rules
/// rest on more than these scores.
fn moved_rule(old: &Calibration, new: &Calibration) -> Option<DecisionRule> {
    let rule = old.rule?;
    let Basis::FalseRejectRate { .. } = rule.basis else {
        return None;
    };
    let moved = |threshold: f32| {
        let rank = old
            .good_scores
            .iter()
            .rposition(|score| score.total_cmp(&threshold).is_eq())?;
        new.good_scores.get(rank).copied()
    };
    Some(DecisionRule {
        review_above: moved(rule.review_above)?,
        reject_above: moved(rule.reject_above)?,
        ..rule
    })
}
