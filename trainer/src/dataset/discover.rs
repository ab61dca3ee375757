//! From a folder to the pictures of a data set.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::error::{FolderCounts, WithPictures};
use super::folder::{FoundFiles, contents, folders, is_one_of, pictures_below, pictures_in};
use super::masks::{Masks, masks_among};
use super::{Dataset, DatasetError, GOOD, GoodNames, LeftOutReason, Notes, TestPicture};

/// The folders of a data set in `MVTec`'s layout; names in upper or lower case.
#[derive(Debug, Default)]
struct Parts {
    train: Option<PathBuf>,
    test: Option<PathBuf>,
    truth: Option<PathBuf>,
    others: Vec<PathBuf>,
}

impl Parts {
    fn find(folder: &Path) -> Result<Self, DatasetError> {
        let mut parts = Self::default();
        for path in folders(folder)? {
            let name = name_of(&path).to_owned();
            let place = |part: &str| is_one_of(&name, &[part]);
            let slot = match () {
                () if place("train") => &mut parts.train,
                () if place("test") => &mut parts.test,
                () if place("ground_truth") => &mut parts.truth,
                () => {
                    parts.others.push(path);
                    continue;
                }
            };
            if let Some(first) = slot.replace(path.clone()) {
                return Err(DatasetError::PartTwice {
                    first,
                    second: path,
                });
            }
        }
        Ok(parts)
    }
}

/// Finds a data set to train on.
pub(super) fn dataset(folder: &Path, names: &GoodNames) -> Result<Dataset, DatasetError> {
    require_folder(folder)?;
    let parts = Parts::find(folder)?;
    if let Some(train) = &parts.train {
        let mut dataset = with_parts(folder, &parts, names)?;
        dataset.add_training(training(train, names)?);
        return Ok(dataset);
    }
    let found = good_pictures(folder, names)?;
    Ok(Dataset {
        train_good: found.pictures,
        notes: Notes::new(found.left_out),
        ..Dataset::default()
    })
}

/// Finds a data set to test on, which may do without pictures to train on.
pub(super) fn dataset_to_test(folder: &Path, names: &GoodNames) -> Result<Dataset, DatasetError> {
    require_folder(folder)?;
    let parts = Parts::find(folder)?;
    if parts.test.is_none() {
        return Err(DatasetError::NoTestPart {
            found: contents(folder)?,
            path: folder.to_owned(),
        });
    }
    let mut dataset = with_parts(folder, &parts, names)?;
    dataset.require_test()?;
    match parts.train.map(|train| training(&train, names)) {
        Some(Ok(found)) => dataset.add_training(found),
        // A fault there matters for a test in one respect only.
        Some(Err(error)) => dataset.test_notes.remark(format!(
            "it was not checked whether test pictures were trained on: {error}"
        )),
        None => {}
    }
    Ok(dataset)
}

fn with_parts(folder: &Path, parts: &Parts, names: &GoodNames) -> Result<Dataset, DatasetError> {
    let mut dataset = Dataset {
        has_ground_truth: parts.truth.is_some(),
        ..Dataset::default()
    };
    let mut beside = FoundFiles::default();
    beside.extend_unused(pictures_in(folder)?, LeftOutReason::Stray);
    for other in &parts.others {
        beside.extend_unused(pictures_below(other)?, LeftOutReason::OtherFolder);
    }
    dataset.notes.add(beside.left_out.clone());
    dataset.test_notes.add(beside.left_out);
    if let Some(test) = &parts.test {
        test_part(&mut dataset, test, parts.truth.as_deref(), names)?;
    }
    Ok(dataset)
}

impl Dataset {
    fn add_training(&mut self, found: FoundFiles) {
        self.train_good = found.pictures;
        // They come first, because people look for them first.
        self.notes.left_out.splice(..0, found.left_out);
    }
}

fn require_folder(folder: &Path) -> Result<(), DatasetError> {
    if folder.is_dir() {
        return Ok(());
    }
    Err(DatasetError::NotAFolder {
        path: folder.to_owned(),
    })
}

/// The pictures of the folders of good ones in `train`; at least one.
fn training(train: &Path, names: &GoodNames) -> Result<FoundFiles, DatasetError> {
    let (good, others): (Vec<_>, Vec<_>) = folders(train)?
        .into_iter()
        .partition(|folder| names.contains(name_of(folder)));
    let Some(first) = good.first() else {
        return Err(DatasetError::NoGoodFolder {
            path: train.to_owned(),
            direct: pictures_in(train)?.pictures.len(),
            found: WithPictures(counts(train)?),
        });
    };
    let mut found = FoundFiles::default();
    for folder in &good {
        found.extend(pictures_below(folder)?);
    }
    found.extend_unused(pictures_in(train)?, LeftOutReason::Stray);
    for folder in &others {
        found.extend_unused(pictures_below(folder)?, LeftOutReason::OtherFolder);
    }
    require_pictures(&found, first)?;
    Ok(found)
}

fn require_pictures(found: &FoundFiles, folder: &Path) -> Result<(), DatasetError> {
    if found.pictures.is_empty() {
        return Err(DatasetError::NoPictures {
            found: contents(folder)?,
            path: folder.to_owned(),
        });
    }
    let faults = masks_among(&found.pictures);
    if faults.is_empty() {
        return Ok(());
    }
    Err(DatasetError::Masks { faults })
}

/// The pictures of a folder that was given as one of good pictures; at least one.
///
/// Folders within it may hold anything. So there must be none with pictures, unless the
/// folder itself, or given names, say that what lies below is good.
pub(super) fn good_pictures(folder: &Path, names: &GoodNames) -> Result<FoundFiles, DatasetError> {
    require_folder(folder)?;
    // A path that cannot be resolved may still name the folder.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let found = if names.contains(name_of(&whole)) {
        pictures_below(folder)?
    } else if names.are_given() {
        named_folders(folder, names)?
    } else {
        without_folders(folder)?
    };
    require_pictures(&found, folder)?;
    Ok(found)
}

/// The pictures of those folders in `folder` that bear a given name.
fn named_folders(folder: &Path, names: &GoodNames) -> Result<FoundFiles, DatasetError> {
    let mut found = FoundFiles::default();
    found.extend_unused(pictures_in(folder)?, LeftOutReason::Stray);
    let mut any = false;
    for path in folders(folder)? {
        let below = pictures_below(&path)?;
        if names.contains(name_of(&path)) {
            any = true;
            found.extend(below);
        } else {
            found.extend_unused(below, LeftOutReason::OtherFolder);
        }
    }
    if any {
        return Ok(found);
    }
    Err(DatasetError::NoGoodFolder {
        path: folder.to_owned(),
        direct: pictures_in(folder)?.pictures.len(),
        found: WithPictures(counts(folder)?),
    })
}

/// The pictures that lie directly in `folder`, if no folder in it holds any.
fn without_folders(folder: &Path) -> Result<FoundFiles, DatasetError> {
    let direct = pictures_in(folder)?;
    let mut all = pictures_below(folder)?;
    if all.pictures.len() > direct.pictures.len() {
        return Err(DatasetError::WhichAreGood {
            path: folder.to_owned(),
            direct: direct.pictures.len(),
            found: WithPictures(counts(folder)?),
        });
    }
    if direct.pictures.is_empty() {
        return Err(DatasetError::UnknownLayout {
            path: folder.to_owned(),
            found: contents(folder)?,
        });
    }
    all.pictures = direct.pictures;
    Ok(all)
}

/// The folders in `folder` that hold pictures, and how many.
fn counts(folder: &Path) -> Result<Vec<FolderCounts>, DatasetError> {
    let mut counts = Vec::new();
    for path in folders(folder)? {
        let pictures = pictures_below(&path)?.pictures.len();
        if pictures > 0 {
            counts.push(FolderCounts { path, pictures });
        }
    }
    Ok(counts)
}

/// Adds the test pictures, kind by kind, with their masks.
fn test_part(
    dataset: &mut Dataset,
    test: &Path,
    truth: Option<&Path>,
    names: &GoodNames,
) -> Result<(), DatasetError> {
    let mut left_out = FoundFiles::default();
    left_out.extend_unused(pictures_in(test)?, LeftOutReason::Stray);
    let mut truths = truth.map_or(Ok(Vec::new()), folders)?;
    let mut good = Vec::new();
    for folder in folders(test)? {
        let name = name_of(&folder).to_owned();
        let mut of_kind = truths.extract_if(.., |truth| name_of(truth).eq_ignore_ascii_case(&name));
        let masks = of_kind.next();
        drop(of_kind);
        if names.contains(&name) {
            good.push(name.to_string_lossy().into_owned());
            kind(dataset, &folder, GOOD, None)?;
        } else {
            let name = name.to_string_lossy();
            kind(dataset, &folder, &name, masks.as_deref())?;
            if names.may_be_meant(&name) {
                dataset.test_notes.remark(format!(
                    "test/{name} counts as a kind of defect; if its pictures are good, name all folders of good pictures"
                ));
            }
        }
    }
    for truth in truths {
        left_out.extend_unused(pictures_below(&truth)?, LeftOutReason::MaskWithoutPicture);
    }
    dataset.test_notes.add(left_out.left_out);
    if good.len() > 1 {
        let good = good.join(", ");
        dataset
            .test_notes
            .remark(format!("these test folders count as good: {good}"));
    }
    Ok(())
}

fn kind(
    dataset: &mut Dataset,
    folder: &Path,
    defect: &str,
    truth: Option<&Path>,
) -> Result<(), DatasetError> {
    let found = pictures_below(folder)?;
    let mut masks = truth.map_or(Ok(Masks::default()), Masks::below)?;
    dataset.mask_faults.extend(masks_among(&found.pictures));
    if found.pictures.is_empty() {
        let shown = folder.display();
        dataset
            .test_notes
            .remark(format!("there are no pictures to test on in {shown}"));
    }
    dataset
        .test
        .extend(found.pictures.into_iter().map(|path| TestPicture {
            defect: defect.to_owned(),
            mask: masks.take(&path, folder),
            path,
        }));
    dataset.mask_faults.append(&mut masks.faults);
    dataset.test_notes.add(found.left_out);
    dataset.test_notes.add(masks.left_over());
    Ok(())
}

/// The last part of a path; nothing for a path such as `/` or `..`, which names no role.
fn name_of(folder: &Path) -> &OsStr {
    folder.file_name().unwrap_or(OsStr::new(""))
}
