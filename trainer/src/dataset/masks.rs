//! The assignment of masks to pictures. A mask that may belong to another picture is never taken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::folder::pictures_below;
use super::{DatasetError, LeftOutReason, MaskFault, UnusedFile};

/// Behind a mask's stem, as in `MVTec` AD.
const MASK_SUFFIX: &str = "_mask";

/// Behind the stem of a mask that lies beside its picture, in lower case.
const SUFFIXES_BESIDE: [&str; 8] = [
    "_mask",
    "-mask",
    ".mask",
    "_gt",
    "_label",
    "_labels",
    "_ground_truth",
    "_groundtruth",
];

/// The masks for one folder of pictures.
#[derive(Debug, Default)]
pub(super) struct Masks {
    /// From the path below the folder of masks, without the ending, to the masks of that
    /// name.
    by_place: BTreeMap<PathBuf, Vec<PathBuf>>,
    taken: BTreeMap<PathBuf, PathBuf>,
    pub(super) faults: Vec<MaskFault>,
    not_read: Vec<UnusedFile>,
}

impl Masks {
    pub(super) fn below(folder: &Path) -> Result<Self, DatasetError> {
        let mut masks = Self::default();
        let found = pictures_below(folder)?;
        masks.not_read = found.left_out;
        for mask in found.pictures {
            let place = place(&mask, folder);
            masks.by_place.entry(place).or_default().push(mask);
        }
        Ok(masks)
    }

    /// The mask of a picture below `folder`: at the same place, or else the only one of
    /// its name at another. `<stem>_mask` goes before `<stem>`.
    pub(super) fn take(&mut self, picture: &Path, folder: &Path) -> Option<PathBuf> {
        let place = place(picture, folder);
        let candidates = self.at(&place).or_else(|| self.elsewhere(&place))?;
        let (mask, second) = (candidates.first()?.clone(), candidates.get(1).cloned());
        if let Some(second) = second {
            self.faults.push(MaskFault::Several {
                picture: picture.to_owned(),
                first: mask.clone(),
                second,
            });
        }
        if let Some(first) = self.taken.insert(mask.clone(), picture.to_owned()) {
            self.faults.push(MaskFault::Shared {
                mask: mask.clone(),
                first,
                second: picture.to_owned(),
            });
        }
        Some(mask)
    }

    fn at(&self, place: &Path) -> Option<Vec<PathBuf>> {
        let mut names = names(place).into_iter();
        names.find_map(|name| self.by_place.get(&place.with_file_name(name)).cloned())
    }

    fn elsewhere(&self, place: &Path) -> Option<Vec<PathBuf>> {
        names(place).into_iter().find_map(|name| {
            let same = |(other, _): &(&PathBuf, &Vec<PathBuf>)| other.file_name() == Some(&name);
            let masks = self
                .by_place
                .iter()
                .filter(same)
                .flat_map(|(_, masks)| masks.clone());
            Some(masks.collect::<Vec<_>>()).filter(|masks| !masks.is_empty())
        })
    }

    /// The masks that no picture has taken, and the files that are no masks.
    pub(super) fn left_over(&self) -> Vec<UnusedFile> {
        let masks = self.by_place.values().flatten();
        let left = masks.filter(|mask| !self.taken.contains_key(*mask));
        let left = left.map(|mask| UnusedFile {
            path: mask.clone(),
            reason: LeftOutReason::MaskWithoutPicture,
        });
        left.chain(self.not_read.iter().cloned()).collect()
    }
}

/// Path below `folder`, without the ending. A path elsewhere is taken whole, and fits no mask.
fn place(path: &Path, folder: &Path) -> PathBuf {
    path.strip_prefix(folder).unwrap_or(path).with_extension("")
}

/// Possible names of the mask of a picture.
fn names(place: &Path) -> Vec<std::ffi::OsString> {
    let Some(stem) = place.file_name() else {
        return Vec::new(); // A picture without a name has no mask, which is an error later.
    };
    let mut with_suffix = stem.to_owned();
    with_suffix.push(MASK_SUFFIX);
    vec![with_suffix, stem.to_owned()]
}

/// Pictures that look like masks of others in the same folder.
pub(super) fn masks_among(pictures: &[PathBuf]) -> Vec<MaskFault> {
    let places: BTreeMap<String, &PathBuf> =
        pictures.iter().map(|path| (lower(path), path)).collect();
    let fault = |mask: &PathBuf| {
        let name = lower(mask);
        let mut bases = SUFFIXES_BESIDE
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix));
        let picture = bases.find_map(|base| places.get(base))?;
        Some(MaskFault::AmongPictures {
            mask: mask.clone(),
            picture: (*picture).clone(),
        })
    };
    pictures.iter().filter_map(fault).collect()
}

fn lower(path: &Path) -> String {
    path.with_extension("").to_string_lossy().to_lowercase()
}
