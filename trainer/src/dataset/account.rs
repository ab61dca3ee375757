//! The account of a data set: the pictures found and used, and remarks to read before the
//! figures are trusted.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::duplicates::found_again;
use super::{
    CheckedPictures, Copies, Dataset, Fingerprint, GoodSplit, LeftOutReason, TestPicture,
    UnusedFile,
};

/// Number of files of a kind that are named.
const NAMED: usize = 3;
/// Number of parts of a path that are shown.
const SHOWN_PARTS: usize = 3;
/// Fewer different pictures than these hardly show how good parts vary.
const FEW_PICTURES: usize = 10;

/// The use of the pictures of a data set. Serialises to the object that the programs print as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DataAccount {
    /// The numbers.
    #[serde(flatten)]
    pub counts: DataCounts,
    /// Files that are not used, by reason.
    pub left_out: Vec<LeftOutGroup>,
    /// Some of the copies, each with the picture that it is a copy of.
    pub copies: Vec<[PathBuf; 2]>,
    /// Pictures that serve two purposes which should be apart.
    pub overlaps: Vec<Overlap>,
    /// Further remarks, one sentence each.
    pub remarks: Vec<String>,
}

/// The numbers of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataCounts {
    /// Pictures that were found, used or not.
    pub pictures_found: usize,
    /// Pictures that were used.
    pub pictures_used: usize,
    /// Pictures that show the same pixels as an earlier one.
    pub equal: usize,
    /// Pictures that show nearly the same as an earlier one.
    pub nearly_equal: usize,
    /// Pictures that serve two purposes which should be apart.
    pub overlapping: usize,
}

/// Files that are not used for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOutGroup {
    /// The reason.
    pub reason: LeftOutReason,
    /// How many.
    pub count: usize,
    /// Some of them.
    pub examples: Vec<PathBuf>,
}

/// Pictures that are found where they should not be found again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The two places, such as "training and test".
    pub between: &'static str,
    /// How many.
    pub count: usize,
    /// Some of them: the picture and where it is found again.
    pub examples: Vec<[PathBuf; 2]>,
}

impl DataCounts {
    /// `None` when there is nothing to remember.
    pub(crate) fn unless_all_are_used_and_distinct(self) -> Option<Self> {
        let unused = self.pictures_found - self.pictures_used;
        (unused + self.equal + self.nearly_equal + self.overlapping > 0).then_some(self)
    }
}

impl DataAccount {
    /// The account of a training.
    pub(crate) fn of_training(
        dataset: &Dataset,
        checked: &CheckedPictures,
        copies: &Copies,
        split: &GoodSplit,
        test: &[(usize, Fingerprint)],
    ) -> Self {
        let mut account = Self::default();
        account.used(split.all().len() - split.copies.len());
        account.leave_out(&dataset.notes.left_out);
        account.leave_out(&unusable(checked));
        account.leave_out(&with_reason(&split.copies, LeftOutReason::CopyOfHeldOut));
        account.remarks.clone_from(&dataset.notes.remarks);
        account.remark_same_names(&checked.good);
        account.copied(copies);
        account.remark_few(copies.distinct(&split.training).len());
        account.overlap_with_test((&checked.good, &checked.fingerprints), dataset, test);
        account
    }

    /// The account of a test. `test` has the fingerprints of test pictures with their places in
    /// `dataset`, `training` those of the pictures to train on.
    #[must_use]
    pub fn of_test(
        dataset: &Dataset,
        training: (&[PathBuf], &[Fingerprint]),
        test: &[(usize, Fingerprint)],
    ) -> Self {
        let mut account = Self::default();
        account.used(dataset.test.len());
        account.leave_out(&dataset.test_notes.left_out);
        account.remarks.clone_from(&dataset.test_notes.remarks);
        let paths: Vec<PathBuf> = dataset
            .test
            .iter()
            .map(|picture| picture.path.clone())
            .collect();
        account.remark_same_names(&paths);
        for kind in by_kind(dataset, test).into_values() {
            let (paths, fingerprints): (Vec<_>, Vec<_>) = kind.into_iter().unzip();
            account.copied(&Copies::among(&paths, &fingerprints));
        }
        account.two_kinds(dataset, test);
        account.overlap_with_test(training, dataset, test);
        account
    }

    /// The account of pictures of good parts to calibrate with, and of defective ones.
    #[must_use]
    pub fn of_calibration(
        dataset: &Dataset,
        good: (&CheckedPictures, &Copies),
        defective: &CheckedPictures,
    ) -> Self {
        let (good, copies) = good;
        let mut account = Self::default();
        let distinct = copies.distinct(&good.good);
        let counted_already: Vec<_> = good
            .good
            .iter()
            .filter(|path| copies.is_copy(path))
            .cloned()
            .collect();
        account.used(distinct.len() + defective.good.len());
        account.leave_out(&dataset.notes.left_out);
        account.leave_out(&unusable(good));
        account.leave_out(&unusable(defective));
        account.leave_out(&with_reason(&counted_already, LeftOutReason::CopyOfCounted));
        account.copied(copies);
        let [some, others] =
            [good, defective].map(|checked| checked.fingerprints.iter().collect::<Vec<_>>());
        let again = found_again(&some, &others, &|_| false);
        let pair =
            |(one, other): (usize, usize)| [good.good[one].clone(), defective.good[other].clone()];
        account.overlap(
            "good and defective pictures",
            again.into_iter().map(pair).collect(),
        );
        account
    }

    /// Whether there is nothing to remark.
    #[must_use]
    pub fn all_is_well(&self) -> bool {
        self.left_out.is_empty()
            && self.copies.is_empty()
            && self.overlaps.is_empty()
            && self.remarks.is_empty()
    }

    fn used(&mut self, pictures: usize) {
        self.counts.pictures_used = pictures;
        self.counts.pictures_found += pictures;
    }

    fn leave_out(&mut self, left_out: &[UnusedFile]) {
        for UnusedFile { path, reason } in left_out {
            self.counts.pictures_found += usize::from(reason.is_picture());
            let place = self
                .left_out
                .iter()
                .position(|group| group.reason == *reason);
            let place = place.unwrap_or_else(|| {
                self.left_out.push(LeftOutGroup {
                    reason: *reason,
                    count: 0,
                    examples: Vec::new(),
                });
                self.left_out.len() - 1
            });
            let group = &mut self.left_out[place];
            group.count += 1;
            if group.examples.len() < NAMED {
                group.examples.push(path.clone());
            }
        }
    }

    fn copied(&mut self, copies: &Copies) {
        self.counts.equal += copies.equal();
        self.counts.nearly_equal += copies.nearly_equal();
        let pairs = copies
            .pairs()
            .map(|(copy, first)| [first.to_owned(), copy.to_owned()]);
        let room = NAMED.saturating_sub(self.copies.len());
        self.copies.extend(pairs.take(room));
    }

    fn overlap(&mut self, between: &'static str, pairs: Vec<[PathBuf; 2]>) {
        let count = pairs.len();
        if count > 0 {
            self.counts.overlapping += count;
            let examples = pairs.into_iter().take(NAMED).collect();
            self.overlaps.push(Overlap {
                between,
                count,
                examples,
            });
        }
    }

    /// A defective picture may be nearly equal to a good one, because only its defect differs.
    /// So only good pictures are compared for near equality.
    fn overlap_with_test(
        &mut self,
        (paths, fingerprints): (&[PathBuf], &[Fingerprint]),
        dataset: &Dataset,
        test: &[(usize, Fingerprint)],
    ) {
        let some: Vec<_> = fingerprints.iter().collect();
        let others: Vec<_> = test.iter().map(|(_, fingerprint)| fingerprint).collect();
        let picture = |place: usize| &dataset.test[test[place].0];
        let again = found_again(&some, &others, &|place| !picture(place).is_defective());
        let pair = |(one, other): (usize, usize)| [paths[one].clone(), picture(other).path.clone()];
        self.overlap(
            "training and test pictures",
            again.into_iter().map(pair).collect(),
        );
    }

    /// Equal pixels under two kinds of defect, or as good and defective.
    fn two_kinds(&mut self, dataset: &Dataset, test: &[(usize, Fingerprint)]) {
        let mut seen: BTreeMap<[u8; 32], &TestPicture> = BTreeMap::new();
        let mut pairs = Vec::new();
        for (place, fingerprint) in test {
            let picture = &dataset.test[*place];
            let first = *seen.entry(fingerprint.pixel_digest()).or_insert(picture);
            if first.defect != picture.defect {
                pairs.push([first.path.clone(), picture.path.clone()]);
            }
        }
        self.overlap("two kinds of test pictures", pairs);
    }

    fn remark_few(&mut self, distinct: usize) {
        if distinct < FEW_PICTURES {
            let pictures = if distinct == 1 { "picture" } else { "pictures" };
            self.remarks.push(format!(
                "{distinct} different {pictures} to train on hardly show how good parts vary; some dozens are usual"
            ));
        }
    }

    /// `a.jpg` beside `a.png`: in some sets one of them is the mask.
    fn remark_same_names(&mut self, pictures: &[PathBuf]) {
        let mut seen: BTreeMap<PathBuf, &Path> = BTreeMap::new();
        let mut pairs = Vec::new();
        for path in pictures {
            if let Some(first) = seen.insert(path.with_extension(""), path) {
                pairs.push(format!("{} and {}", short(first), short(path)));
            }
        }
        if let Some(first) = pairs.first() {
            let count = pairs.len();
            self.remarks.push(format!(
                "{count} pictures have the name of another but for the ending: {first}; is one of them a mask?"
            ));
        }
    }
}

fn unusable(checked: &CheckedPictures) -> Vec<UnusedFile> {
    let paths: Vec<_> = checked.bad.iter().map(|bad| bad.path.clone()).collect();
    with_reason(&paths, LeftOutReason::Unusable)
}

fn with_reason(paths: &[PathBuf], reason: LeftOutReason) -> Vec<UnusedFile> {
    let left_out = |path: &PathBuf| UnusedFile {
        path: path.clone(),
        reason,
    };
    paths.iter().map(left_out).collect()
}

type Kind = Vec<(PathBuf, Fingerprint)>;

fn by_kind<'a>(dataset: &'a Dataset, test: &[(usize, Fingerprint)]) -> BTreeMap<&'a str, Kind> {
    let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
    for (place, fingerprint) in test {
        let picture = &dataset.test[*place];
        let kind = kinds.entry(&picture.defect).or_default();
        kind.push((picture.path.clone(), fingerprint.clone()));
    }
    kinds
}

/// One line when all is well; otherwise a line for each thing to know.
impl fmt::Display for DataAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        write!(f, "pictures: {} found, ", counts.pictures_found)?;
        if counts.pictures_used == counts.pictures_found {
            write!(f, "all used")?;
        } else {
            write!(f, "{} used", counts.pictures_used)?;
        }
        if self.copies.is_empty() {
            write!(f, ", no two alike")?;
        }
        for group in &self.left_out {
            let (count, words) = (group.count, group.reason.words());
            let examples = group.examples.iter().map(|path| short(path));
            write!(
                f,
                "\n  left out: {count} {words} ({})",
                named(&examples.collect::<Vec<_>>(), count)
            )?;
        }
        if !self.copies.is_empty() {
            let count = counts.equal + counts.nearly_equal;
            let (equal, nearly) = (counts.equal, counts.nearly_equal);
            let examples = named(&pairs(&self.copies), count);
            write!(
                f,
                "\n  alike: {equal} equal and {nearly} nearly equal to another picture ({examples})"
            )?;
        }
        for overlap in &self.overlaps {
            let (count, between) = (overlap.count, overlap.between);
            let examples = named(&pairs(&overlap.examples), count);
            write!(f, "\n  in both {between}: {count} ({examples})")?;
        }
        for remark in &self.remarks {
            write!(f, "\n  {remark}")?;
        }
        Ok(())
    }
}

fn pairs(examples: &[[PathBuf; 2]]) -> Vec<String> {
    let pair = |[first, second]: &[PathBuf; 2]| format!("{} = {}", short(first), short(second));
    examples.iter().map(pair).collect()
}

/// The end of a path, which tells enough within one data set.
fn short(path: &Path) -> String {
    let parts: Vec<_> = path.components().collect();
    let end = parts[parts.len().saturating_sub(SHOWN_PARTS)..].iter();
    end.collect::<PathBuf>().display().to_string()
}

fn named(examples: &[String], count: usize) -> String {
    let more = count.saturating_sub(examples.len());
    let text = examples.join(", ");
    if more == 0 {
        text
    } else {
        format!("{text} and {more} more")
    }
}
