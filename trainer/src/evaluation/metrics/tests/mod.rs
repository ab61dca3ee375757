#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test may stop where it stands; small exact numbers are compared"
)]

use rand::{Rng, RngExt, SeedableRng};

use super::{MetricsError, auroc};

mod brute_force;
mod golden;
mod oracle;
mod overlap;
mod properties;

/// Counting pairs, straight from the definition.
fn by_pairs(scores: &[f32], positive: &[bool]) -> f64 {
    let scores_of = |class| {
        let pairs = scores.iter().zip(positive);
        pairs
            .filter(move |&(_, &label)| label == class)
            .map(|(&score, _)| score)
    };
    let mut won = 0.0;
    let mut pairs = 0.0;
    for high in scores_of(true) {
        for low in scores_of(false) {
            pairs += 1.0;
            won += if high > low {
                1.0
            } else if high == low {
                0.5
            } else {
                0.0
            };
        }
    }
    won / pairs
}

#[test]
fn simple_orders_have_the_known_area() {
    let labels = [false, false, true, true];
    assert_eq!(auroc(&[1.0, 2.0, 3.0, 4.0], &labels), Ok(Some(1.0)));
    assert_eq!(auroc(&[4.0, 3.0, 2.0, 1.0], &labels), Ok(Some(0.0)));
    assert_eq!(auroc(&[5.0; 4], &labels), Ok(Some(0.5)));
    // The example of scikit-learn's documentation.
    assert_eq!(auroc(&[0.1, 0.4, 0.35, 0.8], &labels), Ok(Some(0.75)));
    let infinite = [f32::NEG_INFINITY, 0.0, f32::INFINITY, f32::INFINITY];
    assert_eq!(auroc(&infinite, &labels), Ok(Some(1.0)));
}

#[test]
fn both_zeros_tie() {
    assert_eq!(auroc(&[-0.0, 0.0], &[false, true]), Ok(Some(0.5)));
    assert_eq!(auroc(&[0.0, -0.0], &[false, true]), Ok(Some(0.5)));
}

#[test]
fn a_missing_class_has_no_area() {
    assert_eq!(auroc(&[], &[]), Ok(None));
    assert_eq!(auroc(&[1.0, 2.0], &[true, true]), Ok(None));
    assert_eq!(auroc(&[1.0, 2.0], &[false, false]), Ok(None));
}

#[test]
fn unusable_scores_are_errors() {
    let nan = auroc(&[0.0, f32::NAN], &[true, false]);
    assert_eq!(nan, Err(MetricsError::NotANumber { index: 1 }));
    let short = auroc(&[0.0], &[true, false]);
    assert_eq!(
        short,
        Err(MetricsError::Lengths {
            scores: 1,
            labels: 2
        })
    );
}

/// Sums of halves are exact in both, so the one division gives the same bits.
#[test]
fn random_scores_with_many_ties_agree_with_counting_pairs() {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    for round in 0..200 {
        let count = 2 + round;
        let levels = 1 + random.next_u32() % 40;
        let scores: Vec<f32> = (0..count)
            .map(|_| (random.next_u32() % levels) as f32 - 8.0)
            .collect();
        let mut labels: Vec<bool> = (0..count).map(|_| random.random()).collect();
        (labels[0], labels[1]) = (true, false);
        assert_eq!(
            auroc(&scores, &labels),
            Ok(Some(by_pairs(&scores, &labels)))
        );
    }
}
