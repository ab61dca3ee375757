//! What must hold for any scores.

use ndarray::Array2;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::{
    F1Max, MetricsError, PixelScores, aupro, auroc, average_precision, curve, f1_max, key,
};

/// Any bits that are not NaN: infinities, both zeros, subnormal and huge numbers.
fn wild(random: &mut ChaCha8Rng) -> f32 {
    let special = [
        0.0,
        -0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MIN_POSITIVE,
    ];
    match random.random_range(0..8) {
        place @ 0..5 => special[place],
        _ => Some(f32::from_bits(random.next_u32()))
            .filter(|score| !score.is_nan())
            .unwrap_or(1.0),
    }
}

fn wild_set(random: &mut ChaCha8Rng, count: usize) -> (Vec<f32>, Vec<bool>) {
    let scores = (0..count).map(|_| wild(random)).collect();
    let mut labels: Vec<bool> = (0..count).map(|_| random.random()).collect();
    (labels[0], labels[1]) = (true, false);
    (scores, labels)
}

#[test]
fn keys_keep_the_order_and_give_the_score_back() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..20_000 {
        let (a, b) = (wild(&mut random), wild(&mut random));
        let (of_a, of_b) = (key::from_score(a), key::from_score(b));
        assert_eq!(of_a.cmp(&of_b), a.partial_cmp(&b).unwrap(), "{a} {b}");
        assert_eq!(key::to_score(of_a), a);
    }
}

#[test]
fn figures_lie_between_0_and_1_for_any_scores() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    for round in 0..300 {
        let (scores, labels) = wild_set(&mut random, 2 + round % 50);
        let best = f1_max(&scores, &labels).unwrap().unwrap();
        let figures = [
            auroc(&scores, &labels).unwrap().unwrap(),
            average_precision(&scores, &labels).unwrap().unwrap(),
            best.value,
        ];
        assert!(
            figures.iter().all(|f| (0.0..=1.0).contains(f)),
            "{figures:?}"
        );
        assert!(scores.contains(&best.threshold));
    }
}

/// A monotone map renumbers thresholds and nothing else: the same bits.
#[test]
fn only_the_order_of_scores_matters() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for round in 0..100 {
        let (scores, labels) = wild_set(&mut random, 2 + round % 30);
        let mut sorted = scores.clone();
        sorted.sort_by(f32::total_cmp);
        sorted.dedup();
        let rank = |score: f32| sorted.partition_point(|&other| other < score) as f32;
        let ranks: Vec<f32> = scores
            .iter()
            .map(|&score| 3.0 * rank(score) - 7.0)
            .collect();
        assert_eq!(auroc(&scores, &labels), auroc(&ranks, &labels));
        let precision = average_precision(&scores, &labels);
        assert_eq!(precision, average_precision(&ranks, &labels));
        let value = |scores: &[f32]| f1_max(scores, &labels).unwrap().map(|best| best.value);
        assert_eq!(value(&scores), value(&ranks));
    }
}

/// The F1 at every score, counted anew.
#[test]
fn the_best_f1_is_that_of_trying_every_threshold() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    for round in 0..200 {
        let count = 2 + round % 40;
        let levels = 1 + random.next_u32() % 12;
        let scores: Vec<f32> = (0..count)
            .map(|_| (random.next_u32() % levels) as f32)
            .collect();
        let mut labels: Vec<bool> = (0..count).map(|_| random.random()).collect();
        (labels[0], labels[1]) = (true, false);
        let f1 = |threshold: f32| {
            let counted = |class| {
                let pairs = scores.iter().zip(&labels);
                pairs
                    .filter(|&(&s, &l)| s >= threshold && l == class)
                    .count()
            };
            let positives = labels.iter().filter(|&&label| label).count();
            2.0 * counted(true) as f64 / (counted(true) + counted(false) + positives) as f64
        };
        let mut expected = F1Max {
            value: -1.0,
            threshold: 0.0,
        };
        for level in (0..levels)
            .map(|level| level as f32)
            .filter(|l| scores.contains(l))
        {
            if f1(level) > expected.value {
                expected = F1Max {
                    value: f1(level),
                    threshold: level,
                };
            }
        }
        assert_eq!(f1_max(&scores, &labels), Ok(Some(expected)));
    }
}

/// Shares such as 1/3, 1/7 and 1/49 add up to more than their whole in 64 bits.
#[test]
fn the_overlap_area_never_exceeds_1() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for side in 1..60 {
        let mut mask = Array2::from_elem((side + 2, 2 * side + 3), false);
        for (row, column) in (0..side).flat_map(|row| (0..side).map(move |c| (row, c))) {
            mask[[row, column]] = true;
            mask[[row, column + side + 1]] = column % 2 == 0;
        }
        let levels = 1 + random.next_u32() % 40;
        let map = mask.mapv(|defective| {
            if defective {
                99.0
            } else {
                (random.next_u32() % levels) as f32
            }
        });
        let mut pixels = PixelScores::default();
        pixels.add(&map, &mask).unwrap();
        let pixels = pixels.rank();
        for limit in (1..=100).map(|percent| f64::from(percent) / 100.0) {
            let area = aupro(&[&pixels], limit).unwrap().unwrap();
            assert!((1.0 - 1e-12..=1.0).contains(&area), "{side} {limit} {area}");
        }
    }
}

#[test]
fn one_class_gives_no_figure_and_nan_an_error() {
    for labels in [&[true, true][..], &[false, false], &[]] {
        let scores = &[1.0, 2.0][..labels.len()];
        assert_eq!(average_precision(scores, labels), Ok(None));
        assert_eq!(f1_max(scores, labels), Ok(None));
        assert_eq!(curve(scores, labels), Ok(Vec::new()));
    }
    let (scores, labels) = ([1.0, f32::NAN], [true, false]);
    let error = MetricsError::NotANumber { index: 1 };
    assert_eq!(average_precision(&scores, &labels), Err(error));
    assert!(f1_max(&scores, &labels).is_err() && curve(&scores, &labels).is_err());
    assert!(f1_max(&scores[..1], &labels).is_err());
}
