//! Groups of pictures that are equal or nearly equal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Fingerprint;

/// Pictures that are compared with all others at the same time: bounds the memory for pairs.
const COMPARED_AT_ONCE: usize = 64;

/// The pictures that are copies of others. The default holds none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// From each copy to the first picture of its group.
    first: BTreeMap<PathBuf, PathBuf>,
    equal: usize,
}

impl Copies {
    /// Compares each picture with all others. `fingerprints` holds one for each picture, in the
    /// same order. A picture that resembles one of a group belongs to the group.
    #[must_use]
    pub fn among(pictures: &[PathBuf], fingerprints: &[Fingerprint]) -> Self {
        Self::from_groups(pictures, fingerprints, groups_of(fingerprints))
    }

    /// The copies, when only equal pictures count as such.
    #[must_use]
    pub fn equal_among(pictures: &[PathBuf], fingerprints: &[Fingerprint]) -> Self {
        let mut groups = Groups::of_singles(fingerprints.len());
        let mut seen = BTreeMap::new();
        for (index, own) in fingerprints.iter().enumerate() {
            let first = *seen.entry(own.pixel_digest()).or_insert(index);
            groups.join(first, index);
        }
        Self::from_groups(pictures, fingerprints, groups)
    }

    fn from_groups(pictures: &[PathBuf], fingerprints: &[Fingerprint], mut groups: Groups) -> Self {
        let mut seen = BTreeSet::new();
        let mut copies = Self::default();
        for (index, (path, own)) in pictures.iter().zip(fingerprints).enumerate() {
            copies.equal += usize::from(!seen.insert(own.pixel_digest()));
            let first = groups.first(index);
            if first != index {
                copies.first.insert(path.clone(), pictures[first].clone());
            }
        }
        copies
    }

    /// From pairs of a copy and the first picture of its group.
    #[cfg(test)]
    pub(super) fn from_pairs(pairs: impl IntoIterator<Item = (PathBuf, PathBuf)>) -> Self {
        Self {
            first: pairs.into_iter().collect(),
            equal: 0,
        }
    }

    /// The first picture of the group that a picture belongs to; itself without a group.
    #[must_use]
    pub fn first_of<'a>(&'a self, picture: &'a Path) -> &'a Path {
        self.first.get(picture).map_or(picture, PathBuf::as_path)
    }

    /// Whether a picture is a copy of one before it.
    #[must_use]
    pub fn is_copy(&self, picture: &Path) -> bool {
        self.first.contains_key(picture)
    }

    /// Copies, and the pictures that they are copies of.
    pub fn pairs(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.first.iter().map(|(copy, first)| (&**copy, &**first))
    }

    /// Number of copies that are equal to an earlier picture.
    #[must_use]
    pub fn equal(&self) -> usize {
        self.equal
    }

    /// Number of copies that are only nearly equal to an earlier picture.
    #[must_use]
    pub fn nearly_equal(&self) -> usize {
        self.first.len() - self.equal
    }

    /// The pictures that are no copies, in order.
    #[must_use]
    pub fn distinct(&self, pictures: &[PathBuf]) -> Vec<PathBuf> {
        let distinct = pictures.iter().filter(|path| !self.is_copy(path));
        distinct.cloned().collect()
    }

    /// The pictures, each with its copies behind it; in the order of the first ones.
    pub(super) fn groups(&self, pictures: &[PathBuf]) -> Vec<Vec<PathBuf>> {
        let mut places = BTreeMap::new();
        let mut groups: Vec<Vec<PathBuf>> = Vec::new();
        for path in pictures {
            let place = *places.entry(self.first_of(path)).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Vec::new());
            }
            groups[place].push(path.clone());
        }
        groups
    }
}

/// Groups of pictures that resemble each other. Only pictures of nearly the same brightness are
/// compared, and only those of different groups.
fn groups_of(fingerprints: &[Fingerprint]) -> Groups {
    let brightness = |index: usize| fingerprints[index].brightness();
    let mut order: Vec<usize> = (0..fingerprints.len()).collect();
    order.sort_by(|&a, &b| brightness(a).total_cmp(&brightness(b)));
    let mut groups = Groups::of_singles(fingerprints.len());
    let places: Vec<usize> = (0..order.len()).collect();
    for some in places.chunks(COMPARED_AT_ONCE) {
        let firsts: Vec<usize> = (0..order.len()).map(|index| groups.first(index)).collect();
        let of_one = |&place: &usize| {
            let own = order[place];
            let near = order[place + 1..].iter().copied();
            let near =
                near.take_while(|&other| brightness(other) - brightness(own) <= Fingerprint::REACH);
            let apart = near.filter(|&other| firsts[other] != firsts[own]);
            let alike = apart.filter(|&other| fingerprints[own].resembles(&fingerprints[other]));
            alike.map(|other| (own, other)).collect::<Vec<_>>()
        };
        for (one, other) in some.par_iter().map(of_one).collect::<Vec<_>>().concat() {
            groups.join(one, other);
        }
    }
    groups
}

/// Pictures of `others` that are found again in `some`: the same pixels, or nearly the same
/// where `nearly` says so. Pairs of places, at most one for each of the others.
pub(super) fn found_again(
    some: &[&Fingerprint],
    others: &[&Fingerprint],
    nearly: &(dyn Fn(usize) -> bool + Sync),
) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..some.len()).collect();
    order.sort_by(|&a, &b| some[a].brightness().total_cmp(&some[b].brightness()));
    let of_one = |(place, other): (usize, &&Fingerprint)| {
        let darkest = other.brightness() - Fingerprint::REACH;
        let start = order.partition_point(|&index| some[index].brightness() < darkest);
        let near = order[start..].iter().copied().take_while(|&index| {
            some[index].brightness() <= other.brightness() + Fingerprint::REACH
        });
        let again = |index: &usize| {
            let same = some[*index].equals(other);
            same || (nearly(place) && some[*index].resembles(other))
        };
        near.filter(again).min().map(|index| (index, place))
    };
    others.par_iter().enumerate().filter_map(of_one).collect()
}

/// Sets of indices, each known by its lowest.
struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    fn of_singles(count: usize) -> Self {
        Self {
            parent: (0..count).collect(),
        }
    }

    fn first(&mut self, mut index: usize) -> usize {
        while self.parent[index] != index {
            self.parent[index] = self.parent[self.parent[index]];
            index = self.parent[index];
        }
        index
    }

    fn join(&mut self, some: usize, other: usize) {
        let (some, other) = (self.first(some), self.first(other));
        self.parent[some.max(other)] = some.min(other);
    }
}
