//! The distribution of the scores of good and defective pictures.

use maud::{Markup, html};

use super::chart::Chart;
use crate::evaluation::Evaluation;

const BINS: usize = 30;
const TICKS: u8 = 4;

/// Bars of good pictures with those of defective ones stacked on top, and a line at the
/// threshold of the best F1; nothing without pictures.
pub(super) fn html(evaluation: &Evaluation) -> Markup {
    if evaluation.pictures.is_empty() {
        return Markup::default();
    }
    let scores = || evaluation.pictures.iter().map(|seen| seen.score);
    let low = scores().fold(f32::INFINITY, f32::min);
    let high = scores().fold(f32::NEG_INFINITY, f32::max);
    let place = |score: f32| (score - low) / (high - low).max(f32::MIN_POSITIVE);
    let bars = Bars::count(evaluation, place);
    let threshold = evaluation.overall.image_f1max_threshold;
    let plot = html! {
        (bars.svg())
        @if let Some(threshold) = threshold {
            path.threshold d=(format!("M{:.2} 0V100", place(threshold) * 100.0)) {}
        }
    };
    let ticks = (0..=TICKS).map(|tick| {
        let share = f32::from(tick) / f32::from(TICKS);
        (share, format!("{:.3}", low + share * (high - low)))
    });
    Chart {
        label: "Histogram of the scores",
        class: "histogram",
        x_title: "score",
        x_ticks: ticks.collect(),
        y_title: "pictures",
        y_ticks: vec![(0.0, "0".to_owned()), (1.0, bars.highest().to_string())],
        plot,
    }
    .html()
}

/// Pictures in each bin: good, defective.
struct Bars([(usize, usize); BINS]);

impl Bars {
    fn count(evaluation: &Evaluation, place: impl Fn(f32) -> f32) -> Self {
        let mut bars = [(0, 0); BINS];
        for seen in &evaluation.pictures {
            let bin = ((place(seen.score) * BINS as f32) as usize).min(BINS - 1);
            let (good, defective) = &mut bars[bin];
            *if seen.picture.is_defective() {
                defective
            } else {
                good
            } += 1;
        }
        Self(bars)
    }

    /// Pictures in the fullest bin, at least 1.
    fn highest(&self) -> usize {
        let sums = self.0.iter().map(|(good, defective)| good + defective);
        sums.fold(1, usize::max)
    }

    fn svg(&self) -> Markup {
        let (width, unit) = (100.0 / BINS as f32, 100.0 / self.highest() as f32);
        html! {
            @for (bin, &(good, defective)) in self.0.iter().enumerate() {
                @for (class, from, count) in [("good", 0, good), ("bad", good, defective)] {
                    @if count > 0 {
                        rect class=(class)
                            x=(format!("{:.2}", bin as f32 * width + 0.15))
                            y=(format!("{:.2}", 100.0 - (from + count) as f32 * unit))
                            width=(format!("{:.2}", width - 0.3))
                            height=(format!("{:.2}", count as f32 * unit)) {}
                    }
                }
            }
        }
    }
}
