#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test may stop where it stands; small exact numbers are compared"
)]

use std::path::Path;

use rand::{Rng, RngExt, SeedableRng};
use safetensors::SafeTensors;

use super::{MetricsError, PixelAuroc, auroc};

/// Counting pairs, straight from the definition.
fn by_pairs(scores: &[f32], positive: &[bool]) -> f64 {
    let of = |class| {
        let pairs = scores.iter().zip(positive);
        pairs
            .filter(move |&(_, &label)| label == class)
            .map(|(&score, _)| score)
    };
    let mut won = 0.0;
    let mut pairs = 0.0;
    for high in of(true) {
        for low in of(false) {
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

#[test]
fn pictures_one_by_one_give_the_same_as_all_at_once() {
    let scores = [0.9, 0.1, 0.4, 0.4, 0.7, 0.2];
    let labels = [true, false, true, false, false, false];
    let mut pixels = PixelAuroc::default();
    for (map, mask) in scores.chunks(2).zip(labels.chunks(2)) {
        pixels.add(map, mask).unwrap();
    }
    assert!(pixels.add(&[1.0, f32::NAN], &[true, true]).is_err());
    assert_eq!(pixels.finish(), auroc(&scores, &labels).unwrap());
}

/// Scores and labels of `post/` in the golden vectors, and scikit-learn's figure for them.
#[test]
fn forty_golden_scores_have_the_area_of_scikit_learn() {
    let scores = [
        0.899_702_3,
        0.335_049_78,
        1.304_487_8,
        0.534_993_2,
        0.719_653_37,
        0.366_889_42,
        0.497_854_3,
        1.005_458_7,
        0.399_453_34,
        0.887_896_4,
        0.466_705_17,
        0.586_880_8,
        0.917_367_34,
        0.884_902_7,
        0.889_749_77,
        0.998_727,
        0.856_941_4,
        0.766_368,
        0.362_466_34,
        0.514_798_5,
        0.697_115_66,
        0.855_909_9,
        0.867_001_53,
        0.622_118_83,
        1.026_561_9,
        0.439_978_45,
        0.552_638_23,
        1.113_853_6,
        0.842_386_4,
        0.432_236_05,
        0.062_766_396,
        0.583_643_6,
        0.997_867_2,
        0.587_034_94,
        1.009_448_6,
        1.008_594_8,
        0.369_118_8,
        1.135_034_6,
        0.416_354_18,
        0.659_414_5,
    ];
    let labels = "1011100100110011010111111111000110110111";
    let labels: Vec<bool> = labels.chars().map(|label| label == '1').collect();
    let found = auroc(&scores, &labels).unwrap().unwrap();
    assert!((found - 0.763_736_263_736_263_7).abs() < 1e-12, "{found}");
}

/// The golden maps with their masks, and the figure that scikit-learn gave for them; both
/// are exact but for one division, hence 1e-12.
#[test]
fn the_golden_maps_have_the_area_of_scikit_learn() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden");
    if !golden.exists() {
        eprintln!("skipped: {} is missing", golden.display());
        return;
    }
    let bytes = std::fs::read(golden.join("ops.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let maps = tensors.tensor("post/maps").unwrap().data();
    let maps: Vec<f32> = maps
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(f32::from_le_bytes)
        .collect();
    let masks = tensors.tensor("post/masks").unwrap().data();
    let masks: Vec<bool> = masks.iter().map(|&mask| mask != 0).collect();
    let manifest = std::fs::read_to_string(golden.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let expected = manifest["ops"]["pixel_auroc"].as_f64().unwrap();
    let found = auroc(&maps, &masks).unwrap().unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}
