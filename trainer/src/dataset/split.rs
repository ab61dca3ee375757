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
