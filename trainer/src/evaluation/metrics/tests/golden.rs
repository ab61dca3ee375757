//! The scores, maps and masks of `post/` in the golden vectors, with the figures of
//! scikit-learn and anomalib for them.

use std::path::Path;

use ndarray::Array3;
use safetensors::SafeTensors;

use super::super::{PixelMetrics, PixelScores, RankedPixels, auroc, f1_max};

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
    // anomalib's threshold, of the same 32 bits.
    let threshold = f1_max(&scores, &labels).unwrap().unwrap().threshold;
    assert_eq!(threshold, 0.416_354_18);
}

/// The golden maps with their masks, 6 × 32 × 32.
///
/// AUROC is exact but for one division in both, hence 1e-12. anomalib computes the area
/// under the per-region overlap curve in 32 bits, in some hundred terms: 1e-6.
#[test]
fn the_golden_maps_have_the_figures_of_the_reference() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden");
    if !golden.exists() {
        eprintln!("skipped: {} is missing", golden.display());
        return;
    }
    let expected = recorded(&golden);
    let figure = |name: &str| expected[name].as_f64().unwrap();
    let found = PixelMetrics::measure(&[&golden_pixels(&golden)]).unwrap();
    assert!((found.auroc.unwrap() - figure("pixel_auroc")).abs() < 1e-12);
    let aupro = found.aupro_03.unwrap();
    assert!(
        (aupro - figure("anomalib_aupro_fpr0.3")).abs() < 1e-6,
        "{aupro}"
    );
    let threshold = found.f1_max.unwrap().threshold;
    assert_eq!(f64::from(threshold), figure("pixel_threshold_f1"));
    assert_eq!(found.regions, 5);
}

fn recorded(golden: &Path) -> serde_json::Value {
    let manifest = std::fs::read_to_string(golden.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    manifest["ops"].clone()
}

fn golden_pixels(golden: &Path) -> RankedPixels {
    let bytes = std::fs::read(golden.join("ops.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let maps = tensors.tensor("post/maps").unwrap().data();
    let maps = maps.as_chunks().0.iter().copied().map(f32::from_le_bytes);
    let maps = Array3::from_shape_vec((6, 32, 32), maps.collect()).unwrap();
    let masks = tensors.tensor("post/masks").unwrap().data();
    let masks = masks.iter().map(|&mask| mask != 0).collect();
    let masks = Array3::from_shape_vec((6, 32, 32), masks).unwrap();
    let mut pixels = PixelScores::default();
    for (map, mask) in maps.outer_iter().zip(masks.outer_iter()) {
        pixels.add(&map, &mask).unwrap();
    }
    pixels.rank()
}
