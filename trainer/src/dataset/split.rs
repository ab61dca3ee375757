use std::path::PathBuf;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Good pictures by purpose; no picture serves two. Each list is sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoodSplit {
    /// To train on.
    pub training: Vec<PathBuf>,
    /// Held out to calibrate scores with.
    pub calibration: Vec<PathBuf>,
    /// Held out to choose among seeds with.
    pub selection: Vec<PathBuf>,
}

impl GoodSplit {
    /// Holds out floor(n · share) pictures for each purpose, at random but always the
    /// same ones for the same number of pictures: neither the seed of a training nor
    /// the order of other draws changes who is held out.
    #[must_use]
    pub fn new(pictures: &[PathBuf], calibration_share: f64, selection_share: f64) -> Self {
        let mut shuffled = pictures.to_vec();
        shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        let count = |share: f64| (pictures.len() as f64 * share) as usize;
        let mut take = |count: usize| {
            let mut taken = shuffled.split_off(shuffled.len().saturating_sub(count));
            taken.sort();
            taken
        };
        let calibration = take(count(calibration_share));
        let selection = take(count(selection_share));
        let training = take(usize::MAX);
        Self {
            training,
            calibration,
            selection,
        }
    }
}

impl GoodSplit {
    /// All pictures, by purpose.
    #[must_use]
    pub fn all(&self) -> Vec<PathBuf> {
        [&*self.training, &*self.calibration, &*self.selection].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures(count: usize) -> Vec<PathBuf> {
        (0..count).map(|i| format!("{i:03}.png").into()).collect()
    }

    #[test]
    fn every_picture_has_one_purpose() {
        let all = pictures(50);
        let split = GoodSplit::new(&all, 0.1, 0.2);
        assert_eq!((split.calibration.len(), split.selection.len()), (5, 10));
        let mut together = [split.training, split.calibration, split.selection].concat();
        together.sort();
        assert_eq!(together, all);
    }

    #[test]
    fn who_is_held_out_is_scattered_and_always_the_same() {
        let split = GoodSplit::new(&pictures(50), 0.1, 0.0);
        assert_eq!(split, GoodSplit::new(&pictures(50), 0.1, 0.0));
        assert!(split.calibration.is_sorted() && split.training.is_sorted());
        assert_ne!(split.calibration, pictures(50)[..5]);
        assert_ne!(split.calibration, pictures(50)[45..]);
        // A second purpose does not change the first.
        assert_eq!(
            split.calibration,
            GoodSplit::new(&pictures(50), 0.1, 0.3).calibration
        );
    }

    #[test]
    fn few_pictures_are_not_held_out() {
        assert_eq!(GoodSplit::new(&pictures(9), 0.1, 0.0).training.len(), 9);
        assert_eq!(GoodSplit::new(&[], 0.1, 0.1), GoodSplit::default());
    }
}
