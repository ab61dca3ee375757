use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::discover::good_pictures;
use super::folder::{contents, folders, is_one_of, pictures_below};
use super::masks::{Masks, masks_among};
use super::{Dataset, DatasetError, GOOD, GoodNames, TestPicture};

/// Name of a kind of defect whose folder has none of its own.
const ABNORMAL: &str = "abnormal";

/// Test pictures in folders of their own, as anomalib's `Folder` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderLayout {
    /// Folders of good pictures: anomalib's `normal_test_dir`.
    pub normal_test: Vec<PathBuf>,
    /// Folders of defective pictures: anomalib's `abnormal_dir`. The folder's name is that
    /// of the defect.
    pub abnormal: Vec<PathBuf>,
    /// For each of `abnormal` its folder of masks, anomalib's `mask_dir`; or none at all. A
    /// mask has its picture's stem, with or without `_mask`.
    pub masks: Vec<PathBuf>,
}

impl FolderLayout {
    /// The pictures, folder by folder and sorted within each; opens none of them. Folders
    /// within those of defective pictures are searched, too; within those of good pictures
    /// as [`Dataset::discover`] does it. With folders of masks every defective picture
    /// needs its mask.
    pub fn discover(&self, names: &GoodNames) -> Result<Dataset, DatasetError> {
        if !self.masks.is_empty() && self.masks.len() != self.abnormal.len() {
            return Err(DatasetError::MaskFolders {
                abnormal: self.abnormal.len(),
                masks: self.masks.len(),
            });
        }
        let mut dataset = Dataset {
            has_ground_truth: !self.masks.is_empty(),
            ..Dataset::default()
        };
        for folder in &self.normal_test {
            add_good(&mut dataset, folder, names)?;
        }
        for (index, folder) in self.abnormal.iter().enumerate() {
            add_abnormal(
                &mut dataset,
                folder,
                self.masks.get(index).map(PathBuf::as_path),
            )?;
        }
        dataset.require_masks()?;
        Ok(dataset)
    }
}

fn add_good(dataset: &mut Dataset, folder: &Path, names: &GoodNames) -> Result<(), DatasetError> {
    let found = match good_pictures(folder, names) {
        Err(
            DatasetError::UnknownLayout { path, found } | DatasetError::NoPictures { path, found },
        ) => {
            return Err(DatasetError::NoTestPictures { path, found });
        }
        other => other?,
    };
    dataset.mask_faults.extend(masks_among(&found.pictures));
    dataset
        .test
        .extend(found.pictures.into_iter().map(|path| TestPicture {
            path,
            defect: GOOD.to_owned(),
            mask: None,
        }));
    dataset.test_notes.add(found.left_out);
    Ok(())
}

fn add_abnormal(
    dataset: &mut Dataset,
    folder: &Path,
    truth: Option<&Path>,
) -> Result<(), DatasetError> {
    let found = defective_pictures(folder)?;
    let mut masks = truth.map_or(Ok(Masks::default()), Masks::below)?;
    let defect = defect(folder);
    dataset.mask_faults.extend(masks_among(&found.0));
    dataset
        .test
        .extend(found.0.into_iter().map(|path| TestPicture {
            defect: defect.clone(),
            mask: masks.take(&path, folder),
            path,
        }));
    dataset.mask_faults.append(&mut masks.faults);
    dataset.test_notes.add(found.1);
    dataset.test_notes.add(masks.left_over());
    Ok(())
}

/// The pictures in a folder of defective ones and below, at least one, and what is not
/// used. A folder within it that bears the name of a data set's part, or of good pictures,
/// shows that another folder was meant.
pub(super) fn defective_pictures(
    folder: &Path,
) -> Result<(Vec<PathBuf>, Vec<super::UnusedFile>), DatasetError> {
    if !folder.is_dir() {
        return Err(DatasetError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    let names = GoodNames::default();
    let is_other =
        |name: &OsStr| names.contains(name) || is_one_of(name, &["train", "test", "ground_truth"]);
    let mut within = folders(folder)?.into_iter();
    if let Some(other) = within.find(|path| path.file_name().is_some_and(is_other)) {
        return Err(DatasetError::NotDefectiveAlone {
            path: folder.to_owned(),
            other,
        });
    }
    let found = pictures_below(folder)?;
    if found.pictures.is_empty() {
        return Err(DatasetError::NoTestPictures {
            path: folder.to_owned(),
            found: contents(folder)?,
        });
    }
    Ok((found.pictures, found.left_out))
}

/// The folder's name, unless that would make its pictures good ones.
fn defect(folder: &Path) -> String {
    // A path that cannot be resolved may still name the folder.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| name != GOOD)
        .unwrap_or_else(|| ABNORMAL.to_owned())
}
