use std::path::PathBuf;

use super::Copies;
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
    /// Copies of pictures that are held out. They are not used: a model trained on them would
    /// know the held-out parts, and counting them would count a part twice.
    pub copies: Vec<PathBuf>,
}

impl GoodSplit {
    /// Holds out floor(n · share) pictures for each purpose, at random but always the
    /// same ones for the same number of pictures: neither the seed of a training nor
    /// the order of other draws changes who is held out.
    #[must_use]
    pub fn new(pictures: &[PathBuf], calibration_share: f64, selection_share: f64) -> Self {
        Self::apart(
            pictures,
            &Copies::default(),
            calibration_share,
            selection_share,
        )
    }

    /// Splits as [`Self::new`] does, but copies count as one picture: all of them are trained on, or the first
    /// alone is held out. The share is that of the different pictures, rounded up, but not
    /// more than that of all. Without copies this is [`Self::new`].
    #[must_use]
    pub fn apart(
        pictures: &[PathBuf],
        copies: &Copies,
        calibration_share: f64,
        selection_share: f64,
    ) -> Self {
        let mut shuffled = copies.groups(pictures);
        shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        let (files, parts) = (pictures.len(), shuffled.len());
        let count = |share: f64| held_out(files, parts, share);
        let mut take = |count: usize| shuffled.split_off(shuffled.len().saturating_sub(count));
        let mut split = Self::default();
        split.calibration = split.hold_out(take(count(calibration_share)));
        split.selection = split.hold_out(take(count(selection_share)));
        split.training = take(usize::MAX).concat();
        split.training.sort();
        split.copies.sort();
        split
    }

    /// The first picture of each group, sorted.
    fn hold_out(&mut self, groups: Vec<Vec<PathBuf>>) -> Vec<PathBuf> {
        let mut firsts = Vec::with_capacity(groups.len());
        for mut group in groups {
            self.copies.extend(group.drain(1..));
            firsts.append(&mut group);
        }
        firsts.sort();
        firsts
    }
}

impl GoodSplit {
    /// All pictures, by purpose.
    #[must_use]
    pub fn all(&self) -> Vec<PathBuf> {
        [
            &*self.training,
            &*self.calibration,
            &*self.selection,
            &*self.copies,
        ]
        .concat()
    }
}

/// Number of pictures that are held out of `parts` different ones in `files`.
fn held_out(files: usize, parts: usize, share: f64) -> usize {
    let of_files = (files as f64 * share) as usize;
    // A product that rounding alone lifts above a whole number counts as that number.
    let of_parts = (parts as f64 * share - 1e-9).ceil().max(0.0) as usize;
    of_files.min(of_parts)
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

    /// Twenty pictures ten times each: two of them are held out, once each.
    #[test]
    fn copies_stay_on_one_side_and_count_once() {
        let all = pictures(200);
        let firsts = (0..200).map(|index| (all[index].clone(), all[index / 10 * 10].clone()));
        let copies = Copies::from_pairs(firsts.filter(|(copy, first)| copy != first));
        let split = GoodSplit::apart(&all, &copies, 0.1, 0.05);
        assert_eq!((split.calibration.len(), split.selection.len()), (2, 1));
        assert_eq!((split.training.len(), split.copies.len()), (170, 27));
        let held_out = [&*split.calibration, &*split.selection, &*split.copies].concat();
        let trained = |path: &PathBuf| {
            let first = copies.first_of(path);
            split
                .training
                .iter()
                .any(|other| copies.first_of(other) == first)
        };
        assert!(!held_out.iter().any(trained));
        let mut together = split.all();
        together.sort();
        assert_eq!(together, all);
    }

    #[test]
    fn without_copies_the_split_is_as_ever() {
        let split = GoodSplit::apart(&pictures(50), &Copies::default(), 0.1, 0.1);
        assert_eq!(split, GoodSplit::new(&pictures(50), 0.1, 0.1));
        let names: Vec<_> = split
            .calibration
            .iter()
            .map(|path| path.to_str().unwrap_or(""))
            .collect();
        assert_eq!(
            names,
            ["011.png", "017.png", "023.png", "029.png", "040.png"],
            "as in earlier releases"
        );
    }

    #[test]
    fn the_share_is_that_of_different_pictures() {
        assert_eq!(held_out(200, 20, 0.1), 2);
        assert_eq!(held_out(20, 18, 0.1), 2);
        for count in 0..500 {
            for share in [0.0, 0.05, 0.1, 0.2, 0.3, 0.4] {
                let whole = (count as f64 * share) as usize;
                assert_eq!(held_out(count, count, share), whole, "{share} of {count}");
            }
        }
    }

    #[test]
    fn few_pictures_are_not_held_out() {
        assert_eq!(GoodSplit::new(&pictures(9), 0.1, 0.0).training.len(), 9);
        assert_eq!(GoodSplit::new(&[], 0.1, 0.1), GoodSplit::default());
    }
}
