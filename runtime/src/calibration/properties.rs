//! What must hold for any scores of good parts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// Scores with many ties, and a rate as a fraction of whole numbers.
fn any_scores() -> impl Strategy<Value = Vec<f32>> {
    vec((0_u8..40).prop_map(|score| f32::from(score) / 4.0), 1..80)
}

/// `above · denominator ≤ (count + 1) · numerator`, which needs no rounding.
fn largest_above(count: usize, (numerator, denominator): (usize, usize)) -> usize {
    (count + 1) * numerator / denominator
}

proptest! {
    #![proptest_config(cases(256))]

    /// The guarantee itself, without chance: of parts that are all alike, each is taken in
    /// turn as the new one and judged by the others.
    #[test]
    fn at_most_the_rate_of_exchangeable_parts_is_rejected(
        scores in any_scores(),
        (numerator, denominator) in (1_usize..100).prop_flat_map(|n| (Just(n), n + 1..=100)),
    ) {
        let rate = numerator as f64 / denominator as f64;
        let mut rejected = 0;
        for new in 0..scores.len() {
            let mut known = scores.clone();
            let score = known.swap_remove(new);
            let calibration = Calibration::from_good_scores(known).unwrap();
            let Ok(threshold) = calibration.threshold(rate) else {
                prop_assert_eq!(largest_above(scores.len() - 1, (numerator, denominator)), 0);
                continue;
            };
            rejected += usize::from(score > threshold);
        }
        prop_assert!(rejected * denominator <= scores.len() * numerator, "{} of {}", rejected, scores.len());
    }

    /// A threshold is a recorded score, and as low as the count of scores above it allows.
    #[test]
    fn a_threshold_is_the_lowest_score_with_few_enough_above_it(
        scores in any_scores(),
        (numerator, denominator) in (1_usize..100).prop_flat_map(|n| (Just(n), n + 1..=100)),
    ) {
        let calibration = Calibration::from_good_scores(scores.clone()).unwrap();
        // A new part that exceeds the threshold counts itself.
        let allowed = largest_above(scores.len(), (numerator, denominator));
        let fits = |threshold: &&f32| scores.iter().filter(|&score| score > threshold).count() < allowed;
        let expected = scores.iter().filter(fits).copied().min_by(f32::total_cmp);
        let found = calibration.threshold(numerator as f64 / denominator as f64).ok();
        prop_assert_eq!(found, expected.filter(|_| allowed > 0));
    }

    #[test]
    fn a_higher_rate_never_rejects_less(scores in any_scores(), a in 0.001..0.999, b in 0.001..0.999) {
        let calibration = Calibration::from_good_scores(scores).unwrap();
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        if let Ok(strict) = calibration.threshold(low) {
            prop_assert!(calibration.threshold(high).unwrap() <= strict);
            let rule = calibration.false_reject_rule(low, Some(high)).unwrap();
            prop_assert!(rule.review_above <= rule.reject_above);
        }
    }

    /// Decisions only get worse with the score, and NaN is rejected.
    #[test]
    fn a_higher_score_is_never_judged_better(
        (review_above, reject_above) in (-9.0_f32..9.0, 0.0_f32..9.0).prop_map(|(a, b)| (a, a + b)),
        mut scores in vec(-20.0_f32..20.0, 2..20),
    ) {
        let rule = DecisionRule { basis: Basis::Given, review_above, reject_above };
        let rule = rule.checked().unwrap();
        scores.sort_by(f32::total_cmp);
        let decisions: Vec<Decision> = scores.iter().map(|&score| rule.judge(score).decision).collect();
        prop_assert!(decisions.is_sorted(), "{:?}", decisions);
        for (score, decision) in scores.iter().zip(decisions) {
            prop_assert_eq!(decision == Decision::Reject, *score > reject_above);
            prop_assert_eq!(decision == Decision::Pass, *score <= review_above);
        }
        prop_assert_eq!(rule.judge(f32::NAN).decision, Decision::Reject);
    }

    #[test]
    fn a_calibration_survives_json(scores in any_scores(), rate in 0.001..0.999) {
        let mut calibration = Calibration::from_good_scores(scores).unwrap();
        calibration.rule = calibration.false_reject_rule(rate, None).ok();
        let json = serde_json::to_string(&calibration).unwrap();
        prop_assert_eq!(serde_json::from_str::<Calibration>(&json).unwrap(), calibration);
    }
}
