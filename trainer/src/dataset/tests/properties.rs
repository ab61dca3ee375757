//! What must hold for any data set.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use cfa_runtime::picture::Picture;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use super::super::duplicates::found_again;
use super::*;
use crate::dataset::{Copies, FileDigests, Fingerprint, GoodSplit, KNOWN_GOOD_NAMES};

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// A few patterns, each in several brightnesses: neighbours in brightness resemble each other,
/// and farther ones only by way of others.
fn any_fingerprints() -> impl Strategy<Value = Vec<Fingerprint>> {
    vec((0_u32..3, 0_u8..40, 0_u8..3), 1..24).prop_map(|pictures| {
        let picture = |(pattern, light, grain): (u32, u8, u8)| {
            let level = |x: u32, y: u32| {
                let shade = [x * 3, y * 3, x + 2 * y][pattern as usize] as u8;
                let grain = if x == 7 && y == 9 { grain } else { 0 };
                [shade + light + grain, shade + light, shade / 2 + light]
            };
            let pixels = (0..40).flat_map(|y| (0..40).map(move |x| (x, y)));
            let samples = pixels.flat_map(|(x, y)| level(x, y)).collect();
            Fingerprint::new(&Picture::from_rgb8(40, 40, samples).unwrap())
        };
        pictures.into_iter().map(picture).collect()
    })
}

fn names(count: usize) -> Vec<PathBuf> {
    (0..count)
        .map(|number| format!("{number:03}.png").into())
        .collect()
}

/// The lowest index that each picture is connected with, by comparing all with all.
fn lowest_alike(fingerprints: &[Fingerprint]) -> Vec<usize> {
    let mut lowest: Vec<usize> = (0..fingerprints.len()).collect();
    loop {
        let before = lowest.clone();
        for one in 0..fingerprints.len() {
            for other in 0..fingerprints.len() {
                if fingerprints[one].resembles(&fingerprints[other]) {
                    lowest[one] = lowest[one].min(before[other]);
                }
            }
        }
        if lowest == before {
            return lowest;
        }
    }
}

proptest! {
    #![proptest_config(cases(96))]

    /// Only neighbours in brightness are compared, which must not lose a pair.
    #[test]
    fn copies_are_those_of_comparing_all_with_all(fingerprints in any_fingerprints()) {
        let pictures = names(fingerprints.len());
        let copies = Copies::among(&pictures, &fingerprints);
        for (index, lowest) in lowest_alike(&fingerprints).into_iter().enumerate() {
            prop_assert_eq!(copies.first_of(&pictures[index]), &*pictures[lowest]);
            prop_assert_eq!(copies.is_copy(&pictures[index]), lowest != index);
        }
        let distinct: BTreeSet<_> = fingerprints.iter().map(Fingerprint::pixel_digest).collect();
        prop_assert_eq!(copies.equal(), fingerprints.len() - distinct.len());
        prop_assert_eq!(copies.pairs().count(), copies.equal() + copies.nearly_equal());
    }

    #[test]
    fn pictures_are_found_again_as_by_comparing_all_with_all(
        fingerprints in any_fingerprints(),
        cut in any::<prop::sample::Index>(),
        every in 1_usize..3,
    ) {
        let all: Vec<&Fingerprint> = fingerprints.iter().collect();
        let (some, others) = all.split_at(cut.index(all.len()));
        let nearly = |place: usize| place.is_multiple_of(every);
        let is_same = |one: usize, other: usize| {
            some[one].equals(others[other]) || (nearly(other) && some[one].resembles(others[other]))
        };
        let expected: Vec<_> = (0..others.len())
            .filter_map(|other| Some(((0..some.len()).find(|&one| is_same(one, other))?, other)))
            .collect();
        prop_assert_eq!(found_again(some, others, &nearly), expected);
    }

    /// Each picture has one purpose, and what is held out is not known by a copy.
    #[test]
    fn a_split_keeps_copies_together_and_loses_nothing(
        firsts in vec(any::<prop::sample::Index>(), 1..60),
        (calibration, selection) in (0.0..0.5, 0.0..0.5),
    ) {
        let pictures = names(firsts.len());
        // Each picture is a copy of an earlier one, or of none.
        let mut groups: Vec<usize> = Vec::new();
        for (index, first) in firsts.iter().enumerate() {
            let first = first.index(2 * index + 1);
            groups.push(if first < index { groups[first] } else { index });
        }
        let pairs = groups.iter().enumerate().filter(|(index, first)| index != *first);
        let copies = Copies::from_pairs(pairs.map(|(index, &first)| (pictures[index].clone(), pictures[first].clone())));
        let split = GoodSplit::apart(&pictures, &copies, calibration, selection);
        let mut all = split.all();
        all.sort();
        prop_assert_eq!(&all, &pictures);
        let group = |paths: &[PathBuf]| paths.iter().map(|path| copies.first_of(path).to_owned()).collect::<Vec<_>>();
        let trained: BTreeSet<_> = group(&split.training).into_iter().collect();
        let held_out = group(&[&split.calibration[..], &split.selection].concat());
        let distinct: BTreeSet<_> = held_out.iter().cloned().collect();
        prop_assert_eq!(distinct.len(), held_out.len(), "a part is counted twice");
        prop_assert!(trained.is_disjoint(&distinct));
        prop_assert!(split.calibration.len() as f64 <= pictures.len() as f64 * calibration);
        prop_assert_eq!(split, GoodSplit::apart(&pictures, &copies, calibration, selection));
    }

    /// Signs between letters, and upper case, change nothing; a letter more does.
    #[test]
    fn folders_of_good_pictures_are_known_however_they_are_written(
        name in select(&KNOWN_GOOD_NAMES[..]),
        signs in vec(select(vec!["", "", "-", "_", " ", "."]), 20),
        upper in vec(any::<bool>(), 20),
    ) {
        let letter = |(index, letter): (usize, char)| {
            let letter = if upper[index % 20] { letter.to_ascii_uppercase() } else { letter };
            format!("{}{letter}", signs[index % 20])
        };
        let written: String = name.chars().enumerate().map(letter).collect();
        let known = GoodNames::default();
        prop_assert!(known.contains(OsStr::new(&written)), "{}", written);
        for other in [format!("x{written}"), format!("{written}x")] {
            prop_assert!(!known.contains(OsStr::new(&other)), "{}", other);
        }
    }
}

/// Without the error a bundle would not list a picture that it was trained on.
#[test]
fn a_picture_without_a_digest_is_a_bug_and_not_left_out() {
    let root = tree(&["a.png", "b.png"]);
    let paths = ["a.png", "b.png"].map(|name| root.path().join(name));
    let digests = FileDigests::new(&paths).unwrap();
    assert_eq!(digests.of_files(&paths).unwrap().len(), 2);
    assert!(digests.of_files(&[root.path().join("c.png")]).is_err());
}
