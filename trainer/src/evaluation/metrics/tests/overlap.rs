//! Regions and the area under their overlap curve, by hand and by brute force.

use ndarray::{Array2, array};
use rand::{Rng, RngExt, SeedableRng};

use super::super::{MetricsError, PixelMetrics, PixelScores, RankedPixels, Regions, aupro};

fn ranked(map: &Array2<f32>, mask: &Array2<bool>) -> RankedPixels {
    let mut pixels = PixelScores::default();
    pixels.add(map, mask).unwrap();
    pixels.rank()
}

fn mask_of(picture: &[&str]) -> Array2<bool> {
    let width = picture[0].len();
    let flags = picture
        .iter()
        .flat_map(|row| row.bytes().map(|b| b == b'#'));
    Array2::from_shape_vec((picture.len(), width), flags.collect()).unwrap()
}

#[test]
fn corners_connect_and_rows_do_not_wrap() {
    let regions = Regions::find(&mask_of(&[
        "#...#", //
        ".#...", "...##", "#....",
    ]));
    assert_eq!(regions.sizes, [2, 1, 2, 1]);
    let expected = array![
        [1, 0, 0, 0, 2],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 3, 3],
        [4, 0, 0, 0, 0]
    ];
    assert_eq!(regions.labels, expected);
}

#[test]
fn a_winding_region_is_one() {
    let spiral = mask_of(&[
        "#####", //
        "....#", "###.#", "#...#", "#####",
    ]);
    assert_eq!(Regions::find(&spiral).sizes, [17]);
    let ring = mask_of(&["###", "#.#", "###"]);
    assert_eq!(Regions::find(&ring).sizes, [8]);
    assert_eq!(Regions::find(&mask_of(&["..."])).sizes, [0_u32; 0]);
}

/// Two regions, of one pixel and of three, and eleven good pixels. From the top: the small
/// region, one good pixel, a tie of a good pixel and one of the three, the rest.
#[test]
fn a_curve_drawn_by_hand_has_its_area() {
    let mask = mask_of(&["#.###.........."]);
    let map = array![[
        9.0, 8.0, 7.0, 1.0, 1.0, 7.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    ]];
    let pixels = ranked(&map, &mask);
    // Eleven good pixels; points (0, ½), (1/11, ½), (2/11, ⅔), (2/11, 1), (1, 1).
    let third = 2.0 / 3.0;
    let area = |rate: f64| match 11.0 * rate {
        wide if wide <= 1.0 => rate / 2.0,
        wide if wide <= 2.0 => {
            let inside = wide - 1.0;
            (0.5 + inside * (0.5 + inside * (third - 0.5) / 2.0)) / 11.0
        }
        wide => (0.5 + f64::midpoint(0.5, third) + wide - 2.0) / 11.0,
    };
    for limit in [0.01, 0.05, 1.0 / 11.0, 0.13, 2.0 / 11.0, 0.3, 1.0] {
        let found = aupro(&[&pixels], limit).unwrap().unwrap();
        assert!(
            (found - area(limit) / limit).abs() < 1e-12,
            "{limit} {found}"
        );
    }
}

#[test]
fn every_region_counts_the_same_whatever_its_size() {
    let large = |(row, column)| row < 20 && column < 20;
    let mask = Array2::from_shape_fn((40, 40), |place| large(place) || place == (30, 30));
    let map = Array2::from_shape_fn((40, 40), |place| f32::from(u8::from(large(place))));
    // The small region is as dark as the 1199 good pixels: it comes in along a line.
    let found = aupro(&[&ranked(&map, &mask)], 0.3).unwrap().unwrap();
    assert!((found - (0.5 + 0.5 * 0.3 / 2.0)).abs() < 1e-12, "{found}");
}

#[test]
fn what_cannot_be_measured_is_none_and_what_does_not_fit_an_error() {
    let map = array![[1.0, 2.0], [3.0, 4.0]];
    for class in [false, true] {
        let one_class = ranked(&map, &Array2::from_elem((2, 2), class));
        let found = PixelMetrics::measure(&[&one_class]).unwrap();
        assert_eq!(
            (found.auroc, found.f1_max, found.aupro_03, found.aupro_005),
            (None, None, None, None)
        );
    }
    let both = ranked(&map, &array![[true, false], [false, false]]);
    for limit in [0.0, -1.0, f64::NAN] {
        assert_eq!(aupro(&[&both], limit), Ok(None));
    }
    assert_eq!(aupro(&[&both], 7.0), aupro(&[&both], 1.0));
    assert_eq!(aupro(&[], 0.3), Ok(None));

    let mut pixels = PixelScores::default();
    let turned = pixels.add(&map, &Array2::from_elem((1, 4), true));
    let (map_shape, mask_shape) = ((2, 2), (1, 4));
    let expected = MetricsError::Shapes {
        map: map_shape,
        mask: mask_shape,
    };
    assert_eq!(turned, Err(expected));
    let nan = array![[0.0, f32::NAN]];
    let mask = Array2::from_elem((1, 2), true);
    let nan = pixels.add(&nan, &mask);
    assert_eq!(nan, Err(MetricsError::NotANumber { index: 1 }));
    assert_eq!(PixelMetrics::measure(&[&pixels.rank()]).unwrap().regions, 0);
}

/// Points at every distinct score, counted anew each, and trapezoids cut at the limit.
fn by_thresholds(map: &Array2<f32>, mask: &Array2<bool>, limit: f64) -> f64 {
    let regions = Regions::find(mask);
    let share = |label: u32, threshold: f32| {
        let pixels = map
            .iter()
            .zip(&regions.labels)
            .filter(|&(_, &l)| l == label);
        let (mut found, mut all) = (0, 0);
        for (&score, _) in pixels {
            all += 1;
            found += u32::from(score >= threshold);
        }
        f64::from(found) / f64::from(all)
    };
    let mut thresholds: Vec<f32> = map.iter().copied().collect();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let (mut rate, mut overlap, mut area) = (0.0, 0.0, 0.0);
    let count = regions.sizes.len() as u32;
    for threshold in thresholds {
        let next_rate = share(0, threshold);
        let next = (1..=count)
            .map(|label| share(label, threshold))
            .sum::<f64>()
            / f64::from(count);
        if next_rate > limit {
            let at_limit = overlap + (next - overlap) * (limit - rate) / (next_rate - rate);
            return (area + (limit - rate) * f64::midpoint(overlap, at_limit)) / limit;
        }
        area += (next_rate - rate) * f64::midpoint(overlap, next);
        (rate, overlap) = (next_rate, next);
    }
    area / limit
}

/// Sums of at most 150 terms in another order: 1e-12.
#[test]
fn random_maps_with_many_ties_agree_with_counting() {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(11);
    for round in 0..150 {
        let shape = (3 + round % 7, 5 + round % 11);
        let levels = 1 + random.next_u32() % 30;
        let map = Array2::from_shape_simple_fn(shape, || (random.next_u32() % levels) as f32 - 9.0);
        let mut mask = Array2::from_shape_simple_fn(shape, || random.random_bool(0.25));
        (mask[[0, 0]], mask[[0, 2]]) = (true, false);
        let pixels = ranked(&map, &mask);
        for limit in [0.05, 0.3, 0.999, 1.0] {
            let (found, expected) = (
                aupro(&[&pixels], limit).unwrap().unwrap(),
                by_thresholds(&map, &mask, limit),
            );
            assert!(
                (found - expected).abs() < 1e-12,
                "{found} {expected} {limit}"
            );
        }
    }
}

/// A map of the middle of a picture; what lies outside is never found. The AUROC is that
/// of a map with the lowest score outside.
#[test]
fn what_no_map_covers_is_never_found() {
    let mask = mask_of(&[
        "##....", //
        "......", "..##..", "..##..", "......", "......",
    ]);
    let map = array![[9.0, 8.0, 1.0], [7.0, 2.0, 0.5], [0.25, 0.125, 0.0]];
    let mut pixels = PixelScores::default();
    pixels.add_part(&map, &mask, (2, 2)).unwrap();
    let pixels = [&pixels.rank()];

    let covered = PixelMetrics::measure(&pixels).unwrap();
    assert_eq!(covered.regions, 1);
    let whole = PixelMetrics::measure_whole_pictures(&pixels)
        .unwrap()
        .unwrap();
    assert_eq!(whole.regions, 2);
    // Four defective pixels beat all 30 good ones; the two without a score lose against the
    // five good ones with one and tie with the 25 without. scikit-learn: 0.8055555555555556.
    let auroc = whole.auroc.unwrap();
    assert!((auroc - 145.0 / 180.0).abs() < 1e-12, "{auroc}");
    let best = whole.f1_max.unwrap();
    // At 2 all four are found, and two are not.
    assert!((best.value - 8.0 / 10.0).abs() < 1e-12, "{best:?}");
    // One region of two is found at once, the other never.
    for aupro in [whole.aupro_03, whole.aupro_005] {
        assert!((aupro.unwrap() - 0.5).abs() < 1e-12, "{aupro:?}");
    }
    let nothing = PixelMetrics::measure_whole_pictures(&[&ranked(&map, &Array2::default((3, 3)))]);
    assert_eq!(nothing, Ok(None));
}
