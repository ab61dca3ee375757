use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::folder::{contents, folders, pictures};
use super::{Dataset, DatasetError, GOOD, TestPicture};

const MASK_SUFFIX: &str = "_mask";

pub(super) fn dataset(folder: &Path) -> Result<Dataset, DatasetError> {
    if !folder.is_dir() {
        return Err(DatasetError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    if folder.join("train").join(GOOD).is_dir() {
        mvtec(folder)
    } else {
        plain(folder)
    }
}

fn mvtec(folder: &Path) -> Result<Dataset, DatasetError> {
    let good = folder.join("train").join(GOOD);
    let train_good = pictures(&good)?;
    if train_good.is_empty() {
        return Err(DatasetError::NoPictures {
            found: contents(&good)?,
            path: good,
        });
    }
    let truth = folder.join("ground_truth");
    let has_ground_truth = truth.is_dir();
    Ok(Dataset {
        train_good,
        test: test_pictures(&folder.join("test"), has_ground_truth.then_some(&truth))?,
        has_ground_truth,
    })
}

pub(super) fn plain_folder(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    if !folder.is_dir() {
        return Err(DatasetError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let found = pictures(folder)?;
    if found.is_empty() {
        return Err(DatasetError::NoPictures {
            found: contents(folder)?,
            path: folder.to_owned(),
        });
    }
    Ok(found)
}

fn plain(folder: &Path) -> Result<Dataset, DatasetError> {
    let train_good = pictures(folder)?;
    if train_good.is_empty() {
        return Err(DatasetError::UnknownLayout {
            path: folder.to_owned(),
            found: contents(folder)?,
        });
    }
    Ok(Dataset {
        train_good,
        test: Vec::new(),
        has_ground_truth: false,
    })
}

fn test_pictures(test: &Path, truth: Option<&PathBuf>) -> Result<Vec<TestPicture>, DatasetError> {
    let mut found = Vec::new();
    if !test.is_dir() {
        return Ok(found);
    }
    for folder in folders(test)? {
        let defect = folder.file_name().unwrap_or_default().to_os_string();
        let masks = match truth.map(|truth| truth.join(&defect)) {
            Some(masks) if defect != *GOOD && masks.is_dir() => masks_by_stem(&masks)?,
            _ => BTreeMap::new(),
        };
        found.extend(pictures(&folder)?.into_iter().map(|path| TestPicture {
            defect: defect.to_string_lossy().into_owned(),
            mask: mask_of(&path, &masks),
            path,
        }));
    }
    Ok(found)
}

pub(super) fn masks_by_stem(masks: &Path) -> Result<BTreeMap<OsString, PathBuf>, DatasetError> {
    let masks = pictures(masks)?.into_iter();
    Ok(masks
        .filter_map(|path| Some((path.file_stem()?.to_owned(), path)))
        .collect())
}

/// `<stem>_mask` as in `MVTec` AD, or else the same name, with any picture ending.
pub(super) fn mask_of(picture: &Path, masks: &BTreeMap<OsString, PathBuf>) -> Option<PathBuf> {
    let stem = picture.file_stem()?;
    let mut with_suffix = stem.to_owned();
    with_suffix.push(OsStr::new(MASK_SUFFIX));
    masks.get(&with_suffix).or_else(|| masks.get(stem)).cloned()
}
