use rayon::slice::ParallelSliceMut;
use thiserror::Error;

/// Scores that no figure can be made of.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MetricsError {
    /// A score is not a number.
    #[error("score {index} is NaN; the model gave no usable score there")]
    NotANumber {
        /// Its place among the scores of this call.
        index: usize,
    },
    /// One label a score is needed.
    #[error("{scores} scores came with {labels} labels; give one label a score")]
    Lengths {
        /// Number of scores.
        scores: usize,
        /// Number of labels.
        labels: usize,
    },
}

/// Area under the ROC curve of `scores`, where a high score should mean `positive`.
///
/// The exact probability that a positive scores above a negative, ties counting half
/// (Mann and Whitney 1947): the same as the trapezoidal area over all thresholds.
/// `None` when a class is missing. Infinite scores are ranked like any other, NaN is an
/// error.
pub fn auroc(scores: &[f32], positive: &[bool]) -> Result<Option<f64>, MetricsError> {
    let mut pixels = PixelAuroc::default();
    pixels.add(scores, positive)?;
    Ok(pixels.finish())
}

/// [`auroc`] over the pixels of many pictures, which are added one by one.
///
/// Holds four bytes a pixel.
#[derive(Clone, Debug, Default)]
pub struct PixelAuroc {
    positives: Vec<f32>,
    negatives: Vec<f32>,
}

impl PixelAuroc {
    /// Adds the anomaly map of a picture and its mask, both in the same order; true is
    /// defective. After an error nothing was added.
    pub fn add(&mut self, map: &[f32], mask: &[bool]) -> Result<(), MetricsError> {
        if map.len() != mask.len() {
            return Err(MetricsError::Lengths {
                scores: map.len(),
                labels: mask.len(),
            });
        }
        if let Some(index) = map.iter().position(|score| score.is_nan()) {
            return Err(MetricsError::NotANumber { index });
        }
        for (&score, &positive) in map.iter().zip(mask) {
            let class = if positive {
                &mut self.positives
            } else {
                &mut self.negatives
            };
            class.push(score);
        }
        Ok(())
    }

    /// The area over everything that was added; `None` when a class is missing.
    #[must_use]
    pub fn finish(mut self) -> Option<f64> {
        self.positives.par_sort_unstable_by(f32::total_cmp);
        self.negatives.par_sort_unstable_by(f32::total_cmp);
        let pairs = self.positives.len() as u128 * self.negatives.len() as u128;
        (pairs > 0).then(|| self.twice_pairs_won() as f64 / (2 * pairs) as f64)
    }

    /// Pairs in which the positive scores higher count two, ties one: an exact number.
    fn twice_pairs_won(&self) -> u128 {
        let (mut below, mut not_above) = (0, 0);
        let mut won = 0;
        for positive in &self.positives {
            below += count_while(&self.negatives, below, |negative| negative < positive);
            not_above += count_while(&self.negatives, not_above, |negative| negative <= positive);
            won += (below + not_above) as u128;
        }
        won
    }
}

/// How many of `sorted` from `start` on fulfil `condition` without a gap.
fn count_while(sorted: &[f32], start: usize, condition: impl Fn(&f32) -> bool) -> usize {
    let rest = sorted.get(start..).unwrap_or_default();
    rest.iter().take_while(|score| condition(score)).count()
}
