//! Two networks side by side: what the smaller one changes.

use cfa_runtime::calibration::DecisionRule;
use serde::Serialize;

use super::scores::{Recalibrated, ScorePair};

/// The cost that a smaller format may have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CostLimits {
    /// Largest loss of image or of pixel AUROC; 0.005 is half a point.
    pub auroc_loss: f64,
    /// Largest mean change of the good pictures' scores, relative to the score.
    pub score_change: f64,
    /// Largest share of good pictures that are judged differently; one may always be.
    pub verdict_flips: f64,
}

impl Default for CostLimits {
    fn default() -> Self {
        Self {
            auroc_loss: 0.005,
            score_change: 0.05,
            verdict_flips: 0.1,
        }
    }
}

/// The cost of a smaller format. The old network comes first in each pair.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReductionCost {
    /// Good pictures that both networks scored.
    pub good_pictures: usize,
    /// Mean over them of |new − old| / old.
    pub score_change_mean: Option<f64>,
    /// Largest of these.
    pub score_change_max: Option<f64>,
    /// Good pictures with another verdict: by the old network with its thresholds, by the
    /// new one with its own, or the old ones if it has none. `None` without thresholds.
    pub verdict_flips: Option<usize>,
    /// Largest change of a map of the golden samples, relative to that map's maximum.
    pub golden_change: Option<f32>,
    /// Median wall time of the network on a good picture, milliseconds.
    pub network_ms: Option<[f64; 2]>,
    /// On the labelled pictures, if there were any.
    pub labelled: Option<LabelledCost>,
}

/// Figures of merit of both networks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LabelledCost {
    /// Labelled pictures.
    pub pictures: usize,
    /// Area under the ROC curve of the image scores.
    pub image_auroc: Option<[f64; 2]>,
    /// Area under the ROC curve of all pixels.
    pub pixel_auroc: Option<[f64; 2]>,
}

impl ReductionCost {
    /// The cost as the good pictures show it.
    pub(super) fn on_good_pictures(
        scores: &[ScorePair],
        rule: Option<DecisionRule>,
        recalibrated: &Recalibrated,
    ) -> Self {
        let changes: Vec<f64> = scores.iter().map(ScorePair::change).collect();
        let count = changes.len();
        let largest = changes.iter().copied().fold(0.0, f64::max);
        let median = |side: usize| median(scores.iter().map(|pair| pair.network_ms[side]));
        Self {
            good_pictures: count,
            score_change_mean: (count > 0).then(|| changes.iter().sum::<f64>() / count as f64),
            score_change_max: (count > 0).then_some(largest),
            verdict_flips: rule.filter(|_rule| count > 0).map(|rule| {
                flips(
                    scores,
                    &rule,
                    &recalibrated.calibration.rule.unwrap_or(rule),
                )
            }),
            network_ms: median(0).zip(median(1)).map(|(old, new)| [old, new]),
            ..Self::default()
        }
    }

    /// The limits that this exceeds, each as a sentence with both numbers.
    #[must_use]
    pub fn exceeded(&self, limits: &CostLimits) -> Vec<String> {
        let mut said = Vec::new();
        let auroc = |of: fn(&LabelledCost) -> Option<[f64; 2]>| self.labelled.as_ref().and_then(of);
        for (what, pair) in [
            ("image", auroc(|l| l.image_auroc)),
            ("pixel", auroc(|l| l.pixel_auroc)),
        ] {
            if let Some([old, new]) = pair.filter(|[old, new]| old - new > limits.auroc_loss) {
                said.push(format!(
                    "{what} AUROC falls from {old:.4} to {new:.4}, by more than {}",
                    limits.auroc_loss
                ));
            }
        }
        let change = self
            .score_change_mean
            .filter(|&change| change > limits.score_change);
        if let Some(change) = change {
            said.push(format!(
                "scores of good pictures change by {:.1} % on average, more than {:.1} %",
                100.0 * change,
                100.0 * limits.score_change
            ));
        }
        let most = (limits.verdict_flips * self.good_pictures as f64).max(1.0) as usize;
        if let Some(flips) = self.verdict_flips.filter(|&flips| flips > most) {
            said.push(format!(
                "{flips} of {} good pictures are judged differently, more than {most}",
                self.good_pictures
            ));
        }
        said
    }
}

fn flips(scores: &[ScorePair], old: &DecisionRule, new: &DecisionRule) -> usize {
    let flipped =
        |pair: &&ScorePair| old.judge(pair.before).decision != new.judge(pair.after).decision;
    scores.iter().filter(flipped).count()
}

fn median(times: impl Iterator<Item = f64>) -> Option<f64> {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}
