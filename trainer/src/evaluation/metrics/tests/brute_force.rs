//! Regions, and figures over whole pictures of which maps cover a part, against plain counting.

use ndarray::Array2;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::ranking::{Ranking, Sides};
use super::super::{MetricsError, PixelMetrics, PixelScores, Regions};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

fn any_mask(most: usize) -> impl Strategy<Value = Array2<bool>> {
    (1..=most, 1..=most, 0.0..1.0).prop_flat_map(|(rows, columns, share)| {
        vec(prop::bool::weighted(share), rows * columns)
            .prop_map(move |flags| Array2::from_shape_vec((rows, columns), flags).unwrap())
    })
}

/// The lowest place that each defective pixel is connected with: neighbours take over the
/// lower one until nothing changes.
fn lowest_places(mask: &Array2<bool>) -> Array2<usize> {
    let columns = mask.ncols();
    let place = |(row, column): (usize, usize)| row * columns + column + 1;
    let mut lowest = Array2::from_shape_fn(mask.dim(), |at| if mask[at] { place(at) } else { 0 });
    loop {
        let before = lowest.clone();
        for ((row, column), _) in mask.indexed_iter().filter(|(_, defective)| **defective) {
            let rows = row.saturating_sub(1)..(row + 2).min(mask.nrows());
            let around = rows.flat_map(|row| {
                let columns = column.saturating_sub(1)..(column + 2).min(columns);
                columns.map(move |column| [row, column])
            });
            let around = around.map(|at| before[at]).filter(|&place| place > 0);
            lowest[[row, column]] = around.min().unwrap();
        }
        if lowest == before {
            return lowest;
        }
    }
}

/// Figures of whole pictures by their definition: what no map covers is never found.
struct Counted {
    /// Score and region of each pixel, in which region 0 is good.
    pixels: Vec<(Option<f32>, usize)>,
    regions: usize,
    thresholds: Vec<f32>,
}

impl Counted {
    fn new(map: &Array2<f32>, mask: &Array2<bool>, offset: (usize, usize)) -> Self {
        let labels = Regions::find(mask);
        let score = |(row, column): (usize, usize)| {
            let place = (row.checked_sub(offset.0)?, column.checked_sub(offset.1)?);
            map.get(place).copied()
        };
        let pixels = labels.labels.indexed_iter();
        let mut thresholds: Vec<f32> = map.iter().copied().collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        Self {
            pixels: pixels
                .map(|(at, &label)| (score(at), label as usize))
                .collect(),
            regions: labels.sizes.len(),
            thresholds,
        }
    }

    /// Found pixels of a region, and all of it.
    fn found(&self, region: usize, threshold: f32) -> (f64, f64) {
        let own = self.pixels.iter().filter(|(_, own)| *own == region);
        let found = own
            .clone()
            .filter(|(score, _)| score.is_some_and(|score| score >= threshold));
        (found.count() as f64, own.count() as f64)
    }

    /// The share of pairs in which the defective pixel scores higher; ties count half.
    fn auroc(&self) -> Option<f64> {
        let (mut won, mut pairs) = (0.0, 0.0);
        for (defective, _) in self.pixels.iter().filter(|(_, region)| *region > 0) {
            for (good, _) in self.pixels.iter().filter(|(_, region)| *region == 0) {
                pairs += 1.0;
                // `None` is lower than any score.
                won += match defective.partial_cmp(good) {
                    Some(std::cmp::Ordering::Greater) => 1.0,
                    Some(std::cmp::Ordering::Equal) => 0.5,
                    _ => 0.0,
                };
            }
        }
        (pairs > 0.0).then_some(won / pairs)
    }

    fn aupro(&self, limit: f64) -> f64 {
        let (mut rate, mut overlap, mut area) = (0.0, 0.0, 0.0);
        for &threshold in &self.thresholds {
            let share = |region| {
                let (found, all) = self.found(region, threshold);
                found / all
            };
            let next_rate = share(0);
            let next = (1..=self.regions).map(share).sum::<f64>() / self.regions as f64;
            if next_rate > limit {
                let at_limit = overlap + (next - overlap) * (limit - rate) / (next_rate - rate);
                return (area + (limit - rate) * f64::midpoint(overlap, at_limit)) / limit;
            }
            area += (next_rate - rate) * f64::midpoint(overlap, next);
            (rate, overlap) = (next_rate, next);
        }
        // The rest of the good pixels is never found.
        (area + (limit - rate) * overlap) / limit
    }
}

/// Sums of some hundred numbers of 64 bits in another order.
const TOLERANCE: f64 = 1e-12;

fn are_near(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < TOLERANCE,
        (found, expected) => found == expected,
    }
}

proptest! {
    #![proptest_config(cases(192))]

    #[test]
    fn regions_are_what_hangs_together(mask in any_mask(14)) {
        let regions = Regions::find(&mask);
        let mut firsts: Vec<usize> = Vec::new();
        for (&label, &lowest) in regions.labels.iter().zip(&lowest_places(&mask)) {
            // Numbered in the order of their first pixels.
            if lowest > 0 && !firsts.contains(&lowest) {
                firsts.push(lowest);
            }
            let expected = firsts.iter().position(|&first| first == lowest).map_or(0, |at| at + 1);
            prop_assert_eq!(label as usize, expected);
        }
        prop_assert_eq!(regions.sizes.len(), firsts.len());
        for (number, &size) in regions.sizes.iter().enumerate() {
            let own = regions.labels.iter().filter(|&&label| label as usize == number + 1);
            prop_assert_eq!(own.count(), size as usize);
        }
    }

    #[test]
    fn figures_of_whole_pictures_are_those_of_counting(
        mask in any_mask(9),
        scores in vec(0_u8..12, 81),
        (top, left, height, width) in (0.0..1.0, 0.0..1.0, 0.0..1.0, 0.0..1.0),
    ) {
        let (rows, columns) = mask.dim();
        let within = |share: f64, most: usize| (share * (most + 1) as f64) as usize;
        let (top, left) = (within(top, rows - 1), within(left, columns - 1));
        let shape = (1 + within(height, rows - top - 1), 1 + within(width, columns - left - 1));
        let map = Array2::from_shape_fn(shape, |(row, column)| f32::from(scores[row * 9 + column]));
        let counted = Counted::new(&map, &mask, (top, left));
        let mut pixels = PixelScores::default();
        pixels.add_part(&map, &mask, (top, left)).unwrap();
        let pixels = pixels.rank();
        let found = PixelMetrics::measure_whole_pictures(&[&pixels]).unwrap().unwrap();
        prop_assert_eq!(found.regions as usize, counted.regions);
        prop_assert!(are_near(found.auroc, counted.auroc()), "{:?} {:?}", found.auroc, counted.auroc());
        if found.auroc.is_some() {
            for (found, limit) in [(found.aupro_03, 0.3), (found.aupro_005, 0.05)] {
                let expected = counted.aupro(limit);
                prop_assert!(are_near(found, Some(expected)), "{:?} {} at {}", found, expected, limit);
            }
        }
    }
}

/// Without the error the region would count as never found, and the area would be too small.
#[test]
fn a_pixel_of_an_unknown_region_is_a_bug_and_no_figure() {
    let mut ranking = Ranking::default();
    ranking.push_regions(&[1]);
    ranking.push(2.0, Some(0));
    ranking.push(1.0, Some(1));
    ranking.sort();
    let steps: Vec<_> = Sides::steps(&[ranking.sides()]).collect();
    assert!(steps[0].is_ok());
    assert!(matches!(steps[1], Err(MetricsError::Internal(_))));
}
