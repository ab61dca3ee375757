use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::discover::{mask_of, masks_by_stem};
use super::folder::{contents, pictures};
use super::{DatasetError, GOOD, TestPicture, require_masks};

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
    /// The pictures, folder by folder and sorted within each; opens none of them. As in
    /// [`Dataset::discover`](super::Dataset::discover), what lies in folders below is
    /// passed over. With folders of masks every defective picture needs its mask.
    pub fn test_pictures(&self) -> Result<Vec<TestPicture>, DatasetError> {
        if !self.masks.is_empty() && self.masks.len() != self.abnormal.len() {
            return Err(DatasetError::MaskFolders {
                abnormal: self.abnormal.len(),
                masks: self.masks.len(),
            });
        }
        let mut found = Vec::new();
        for folder in &self.normal_test {
            found.extend(of_folder(folder, GOOD, None)?);
        }
        for (index, folder) in self.abnormal.iter().enumerate() {
            let masks = self.masks.get(index).map(PathBuf::as_path);
            found.extend(of_folder(folder, &defect(folder), masks)?);
        }
        if !self.masks.is_empty() {
            require_masks(&found)?;
        }
        Ok(found)
    }
}

fn of_folder(
    folder: &Path,
    defect: &str,
    masks: Option<&Path>,
) -> Result<Vec<TestPicture>, DatasetError> {
    let paths = pictures(folder)?;
    if paths.is_empty() {
        return Err(DatasetError::NoTestPictures {
            path: folder.to_owned(),
            found: contents(folder)?,
        });
    }
    let masks = masks.map_or(Ok(BTreeMap::new()), masks_by_stem)?;
    let picture = |path: PathBuf| TestPicture {
        defect: defect.to_owned(),
        mask: mask_of(&path, &masks),
        path,
    };
    Ok(paths.into_iter().map(picture).collect())
}

/// The folder's name, unless that would make its pictures good ones.
fn defect(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy());
    name.filter(|name| name != GOOD)
        .map_or(ABNORMAL.to_owned(), Cow::into_owned)
}
