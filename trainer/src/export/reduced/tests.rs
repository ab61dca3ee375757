#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking; thresholds are handed through"
)]

use std::path::PathBuf;

use cfa_runtime::calibration::{Basis, Calibration, DecisionRule};

use super::calibration::recalibrated_of;
use super::cost::{CostLimits, LabelledCost, ReductionCost};
use super::scores::{CalibrationFate, Recalibrated, ScorePair};

fn pair(index: usize, before: f32, after: f32) -> ScorePair {
    ScorePair {
        path: PathBuf::from(format!("{index}.png")),
        before,
        after,
        network_ms: [2.0 + index as f64, 1.0],
    }
}

fn single(reject_above: f32) -> DecisionRule {
    DecisionRule::single(Basis::Given, reject_above).unwrap()
}

fn without_rule() -> Recalibrated {
    Recalibrated {
        calibration: Calibration::default(),
        fate: CalibrationFate::None,
    }
}

#[test]
fn changes_and_flips_are_counted() {
    let scores = [pair(0, 1.0, 1.1), pair(1, 2.0, 1.8), pair(2, 4.0, 4.0)];
    let cost = ReductionCost::on_good_pictures(&scores, Some(single(1.9)), &without_rule());
    assert!((cost.score_change_mean.unwrap() - 0.2 / 3.0).abs() < 1e-6);
    assert!((cost.score_change_max.unwrap() - 0.1).abs() < 1e-6);
    assert_eq!((cost.good_pictures, cost.verdict_flips), (3, Some(1)));
    assert_eq!(cost.network_ms, Some([3.0, 1.0]));
    let mut own = without_rule();
    own.calibration.rule = Some(single(1.7));
    let cost = ReductionCost::on_good_pictures(&scores, Some(single(1.9)), &own);
    assert_eq!(cost.verdict_flips, Some(0));
    assert_eq!(
        ReductionCost::on_good_pictures(&scores, None, &own).verdict_flips,
        None
    );
    let nothing = ReductionCost::on_good_pictures(&[], Some(single(1.0)), &own);
    assert_eq!(nothing, ReductionCost::default());
}

#[test]
fn each_limit_is_kept() {
    let limits = CostLimits::default();
    let fine = ReductionCost {
        good_pictures: 20,
        score_change_mean: Some(0.0499),
        score_change_max: Some(0.9),
        verdict_flips: Some(2),
        golden_change: Some(0.4),
        network_ms: None,
        labelled: Some(LabelledCost {
            pictures: 9,
            image_auroc: Some([0.9, 0.8951]),
            pixel_auroc: Some([0.9, 0.99]),
        }),
    };
    assert_eq!(fine.exceeded(&limits), Vec::<String>::new());
    let labelled = fine.labelled.unwrap();
    let worse = |change: &dyn Fn(&mut ReductionCost)| {
        let mut cost = fine.clone();
        change(&mut cost);
        cost.exceeded(&limits).join("|")
    };
    let image = worse(&|cost| {
        let image_auroc = Some([0.9, 0.8949]);
        cost.labelled = Some(LabelledCost {
            image_auroc,
            ..labelled
        });
    });
    assert!(
        image.contains("image AUROC falls from 0.9000 to 0.8949"),
        "{image}"
    );
    let pixel = worse(&|cost| {
        let pixel_auroc = Some([0.9, 0.8]);
        cost.labelled = Some(LabelledCost {
            pixel_auroc,
            ..labelled
        });
    });
    assert!(
        pixel.contains("pixel AUROC") && !pixel.contains('|'),
        "{pixel}"
    );
    let change = worse(&|cost| cost.score_change_mean = Some(0.06));
    assert!(change.contains("6.0 %"), "{change}");
    let flips = worse(&|cost| cost.verdict_flips = Some(3));
    assert!(flips.contains("3 of 20"), "{flips}");
}

/// One in a small set says little.
#[test]
fn one_picture_may_always_be_judged_differently() {
    let cost = |flips| ReductionCost {
        good_pictures: 3,
        verdict_flips: Some(flips),
        ..ReductionCost::default()
    };
    assert!(cost(1).exceeded(&CostLimits::default()).is_empty());
    assert!(!cost(2).exceeded(&CostLimits::default()).is_empty());
}

fn calibrated() -> Calibration {
    let scores = (1..=9).map(|i| i as f32).collect();
    let mut calibration = Calibration::from_good_scores(scores).unwrap();
    calibration.rule = Some(calibration.false_reject_rule(0.1, Some(0.3)).unwrap());
    calibration
}

/// The new scores are ten times the old ones, in another order of pictures.
fn held_out() -> Vec<ScorePair> {
    let scores = [3, 1, 2, 9, 8, 7, 4, 5, 6].map(|i: u8| f32::from(i));
    let pairs = scores.iter().enumerate();
    pairs.map(|(i, &s)| pair(i, s, 10.0 * s)).collect()
}

#[test]
fn thresholds_keep_their_rank() {
    let old = calibrated();
    let rule = old.rule.unwrap();
    assert_eq!([rule.review_above, rule.reject_above], [7.0, 9.0]);
    let pairs = held_out();
    let pairs: Vec<&ScorePair> = pairs.iter().collect();
    let new = recalibrated_of(&old, &pairs).unwrap();
    assert_eq!(new.fate, CalibrationFate::Recomputed);
    let rule = new.calibration.rule.unwrap();
    assert_eq!([rule.review_above, rule.reject_above], [70.0, 90.0]);
    assert_eq!(rule.basis, Basis::FalseRejectRate { rate: 0.1 });
    assert_eq!(new.calibration.good_scores[0].to_bits(), 10.0_f32.to_bits());
}

#[test]
fn what_cannot_be_recomputed_is_removed() {
    let (old, pairs) = (calibrated(), held_out());
    let all: Vec<&ScorePair> = pairs.iter().collect();
    let fewer = recalibrated_of(&old, &all[1..]).unwrap();
    let other = pair(0, 3.1, 30.0);
    let others: Vec<&ScorePair> = std::iter::once(&other)
        .chain(all[1..].iter().copied())
        .collect();
    for removed in [fewer, recalibrated_of(&old, &others).unwrap()] {
        assert_eq!(removed.fate, CalibrationFate::Removed);
        assert_eq!(removed.calibration, Calibration::default());
    }
    let given = Calibration {
        rule: Some(single(5.0)),
        ..old
    };
    let kept = recalibrated_of(&given, &all).unwrap();
    assert_eq!(
        (kept.fate, kept.calibration.rule),
        (CalibrationFate::Removed, None)
    );
    assert_eq!(kept.calibration.good_scores.len(), 9);
    let none = recalibrated_of(&Calibration::default(), &all).unwrap();
    assert_eq!(none.fate, CalibrationFate::None);
}

/// Two of the good scores lie on the threshold: none of them is above it, before or after.
#[test]
fn of_equal_scores_the_highest_rank_is_meant() {
    let scores = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.0, 9.0];
    let mut old = Calibration::from_good_scores(scores.to_vec()).unwrap();
    old.rule = Some(DecisionRule {
        review_above: 7.0,
        reject_above: 9.0,
        ..calibrated().rule.unwrap()
    });
    let pairs: Vec<ScorePair> = (0..9)
        .map(|i| pair(i, scores[i], 10.0 * (i as f32 + 1.0)))
        .collect();
    let new = recalibrated_of(&old, &pairs.iter().collect::<Vec<_>>()).unwrap();
    let rule = new.calibration.rule.unwrap();
    assert_eq!([rule.review_above, rule.reject_above], [80.0, 90.0]);
}
