#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::float_cmp,
    reason = "quotients of small whole numbers are exact"
)]

use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn ranks(count: usize) -> Calibration {
    Calibration::from_good_scores((1..=count).rev().map(|score| score as f32).collect()).unwrap()
}

#[test]
fn p_values_count_the_good_scores_at_least_as_high() {
    let calibration = Calibration::from_good_scores(vec![3.0, 1.0, 2.0, 2.0]).unwrap();
    let p = |score| calibration.p_value(score).unwrap();
    assert_eq!(
        [p(0.5), p(1.0), p(1.5), p(2.0), p(2.5), p(3.0), p(9.0)],
        [1.0, 1.0, 0.8, 0.8, 0.4, 0.4, 0.2]
    );
    assert_eq!(Calibration::default().p_value(1.0), None);
}

#[test]
fn ninety_nine_good_parts_are_needed_for_one_percent() {
    assert_eq!(ranks(99).threshold(0.01), Ok(99.0));
    let refused = ranks(98).threshold(0.01).unwrap_err();
    assert_eq!(
        refused,
        CalibrationError::TooFewGood {
            rate: 0.01,
            found: 98,
            needed: 99
        }
    );
    assert!(refused.to_string().contains("at least 99 good pictures"));
    // 1/0.05 − 1 = 19, though 20 · 0.05 is not exactly 1 in binary.
    assert_eq!(ranks(19).threshold(0.05), Ok(19.0));
    assert!(ranks(18).threshold(0.05).is_err());
    assert_eq!(ranks(199).threshold(0.01), Ok(198.0));
}

#[test]
fn the_stated_number_of_good_parts_is_the_smallest_that_works() {
    for rate in [0.9, 0.5, 0.3, 0.2, 0.1, 0.07, 0.05, 0.02, 0.01, 0.001] {
        let needed = needed_scores(rate);
        assert!(ranks(needed).threshold(rate).is_ok(), "{rate}");
        assert!(ranks(needed - 1).threshold(rate).is_err(), "{rate}");
    }
}

#[test]
fn impossible_rates_and_scores_are_refused() {
    // Nobody has that many pictures; the number must not overflow.
    assert!(ranks(9).threshold(1e-20).is_err());
    for rate in [0.0, 1.0, -0.1, 2.0, f64::NAN] {
        assert!(matches!(
            ranks(9).threshold(rate),
            Err(CalibrationError::Rate { .. })
        ));
    }
    for score in [f32::NAN, f32::INFINITY] {
        assert!(Calibration::from_good_scores(vec![1.0, score]).is_err());
    }
}

/// A score exceeds the threshold of a rate exactly when its p-value is at most that
/// rate, ties included.
#[test]
fn thresholds_and_p_values_agree() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..2000 {
        let count = rng.random_range(1..60);
        let scores = (0..count).map(|_| rng.random_range(0..20) as f32).collect();
        let calibration = Calibration::from_good_scores(scores).unwrap();
        let rate = rng.random_range(0.001..0.999);
        let Ok(threshold) = calibration.threshold(rate) else {
            assert!(1.0 / (f64::from(count) + 1.0) > rate);
            continue;
        };
        for score in 0..21 {
            let score = score as f32;
            let p = calibration.p_value(score).unwrap();
            assert_eq!(score > threshold, p <= rate + 1e-12, "{score} {p} {rate}");
        }
    }
}

/// Over 400 random splits of exchangeable scores, the mean false-reject rate stays
/// within the target; 0.003 is three standard errors of that mean.
#[test]
fn good_parts_are_rejected_no_more_often_than_asked() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (known, new, splits) = (99, 400, 400);
    for rate in [0.01, 0.05, 0.2] {
        let mut rejected = 0;
        for _ in 0..splits {
            let mut scores: Vec<f32> = (0..known + new).map(|_| skewed(&mut rng)).collect();
            scores.shuffle(&mut rng);
            let calibration = Calibration::from_good_scores(scores.split_off(new)).unwrap();
            let threshold = calibration.threshold(rate).unwrap();
            rejected += scores.iter().filter(|&&score| score > threshold).count();
        }
        let share = f64::from(rejected as u32) / f64::from(new as u32 * splits);
        assert!(share < rate + 0.003, "{share} for {rate}");
        assert!(share > rate * 0.8, "{share} for {rate}: needlessly careful");
    }
}

fn skewed(rng: &mut impl Rng) -> f32 {
    -rng.random::<f32>().max(f32::MIN_POSITIVE).ln()
}

#[test]
fn scores_between_the_thresholds_are_for_review() {
    let rule = ranks(99).false_reject_rule(0.01, Some(0.05)).unwrap();
    assert_eq!((rule.review_above, rule.reject_above), (95.0, 99.0));
    let decide = |score| rule.judge(score).decision;
    assert_eq!(decide(95.0), Decision::Pass);
    assert_eq!(decide(95.5), Decision::Review);
    assert_eq!(decide(99.0), Decision::Review);
    assert_eq!(decide(99.5), Decision::Reject);
    assert_eq!(decide(f32::NAN), Decision::Reject);
    assert!(matches!(
        ranks(99).false_reject_rule(0.05, Some(0.01)),
        Err(CalibrationError::ReviewRate { .. })
    ));
}

#[test]
fn the_usual_rule_takes_the_lowest_rate_that_can_be_kept() {
    let rate = |count| match ranks(count).usual_rule()?.basis {
        Basis::FalseRejectRate { rate } => Some(rate),
        _ => None,
    };
    assert_eq!(rate(3), None);
    assert_eq!(rate(4), Some(0.2));
    assert_eq!(rate(9), Some(0.1));
    assert_eq!(rate(19), Some(0.05));
    assert_eq!(rate(98), Some(0.02));
    assert_eq!(rate(99), Some(0.01));
}

#[test]
fn options_replace_the_recorded_rule() {
    let mut calibration = ranks(99);
    let none = DecisionOptions::default();
    assert_eq!(calibration.rule_for(&none), Ok(None));
    calibration.rule = calibration.usual_rule();
    assert_eq!(calibration.rule_for(&none), Ok(calibration.rule));

    let given = DecisionOptions {
        threshold: Some(50.0),
        ..none
    };
    let rule = calibration.rule_for(&given).unwrap().unwrap();
    assert_eq!(
        (rule.review_above, rule.reject_above, rule.basis),
        (50.0, 50.0, Basis::Given)
    );
    let reviewed = DecisionOptions {
        review_rate: Some(0.7),
        ..given
    };
    let rule = calibration.rule_for(&reviewed).unwrap().unwrap();
    assert_eq!((rule.review_above, rule.reject_above), (30.0, 50.0));

    let rate = DecisionOptions {
        false_reject_rate: Some(0.1),
        review_threshold: Some(7.0),
        ..none
    };
    let rule = calibration.rule_for(&rate).unwrap().unwrap();
    assert_eq!((rule.review_above, rule.reject_above), (7.0, 90.0));
}

#[test]
fn contradicting_options_are_refused() {
    let none = DecisionOptions::default();
    let refused = |options| ranks(99).rule_for(&options).unwrap_err();
    assert_eq!(
        refused(DecisionOptions {
            threshold: Some(1.0),
            false_reject_rate: Some(0.1),
            ..none
        }),
        CalibrationError::Both
    );
    for alone in [
        DecisionOptions {
            review_rate: Some(0.1),
            ..none
        },
        DecisionOptions {
            review_threshold: Some(1.0),
            ..none
        },
    ] {
        assert!(matches!(refused(alone), CalibrationError::NoRule { .. }));
    }
    assert_eq!(
        refused(DecisionOptions {
            threshold: Some(1.0),
            review_threshold: Some(0.5),
            review_rate: Some(0.1),
            ..none
        }),
        CalibrationError::BothForReview
    );
    for threshold in [f32::NAN, f32::INFINITY] {
        let options = DecisionOptions {
            threshold: Some(threshold),
            ..none
        };
        assert!(matches!(
            refused(options),
            CalibrationError::Thresholds { .. }
        ));
    }
    let reversed = DecisionOptions {
        threshold: Some(1.0),
        review_threshold: Some(2.0),
        ..none
    };
    assert!(matches!(
        refused(reversed),
        CalibrationError::Thresholds { .. }
    ));
}
