//! Which pictures are tested on.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use cfa_train::dataset::{Dataset, DatasetError, FolderLayout};

use crate::good_names::GoodNameArgument;

#[derive(clap::Args)]
pub(super) struct PictureArguments {
    /// Folder in MVTec layout: `test/good`, `test/<defect>`, `ground_truth/<defect>`. Folders
    /// below these are searched, and links followed
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "abnormal_dir",
        conflicts_with_all = ["normal_test_dir", "abnormal_dir", "mask_dir"]
    )]
    data: Option<PathBuf>,
    /// Instead of --data: a folder of good pictures; may be repeated
    #[arg(long, value_name = "DIR")]
    normal_test_dir: Vec<PathBuf>,
    /// Instead of --data: a folder of defective pictures, named like the defect; may be
    /// repeated
    #[arg(long, value_name = "DIR")]
    abnormal_dir: Vec<PathBuf>,
    /// The masks of --abnormal-dir: `<picture>.png` or `<picture>_mask.png`; as often, in
    /// the same order
    #[arg(long, value_name = "DIR")]
    mask_dir: Vec<PathBuf>,
    #[command(flatten)]
    good_names: GoodNameArgument,
}

impl PictureArguments {
    pub(super) fn find(&self) -> Result<Dataset> {
        let names = self.good_names.names();
        let Some(data) = &self.data else {
            let layout = FolderLayout {
                normal_test: self.normal_test_dir.clone(),
                abnormal: self.abnormal_dir.clone(),
                masks: self.mask_dir.clone(),
            };
            return Ok(layout.discover(&names)?);
        };
        let dataset = Dataset::discover_to_test(data, &names);
        if let Err(error @ DatasetError::NoTestPart { .. }) = dataset {
            bail!("{error}; folders in another layout: --normal-test-dir and --abnormal-dir");
        }
        Ok(dataset?)
    }

    /// The folder that the pictures are known by: --data, or what the first of the others
    /// lies in.
    pub(super) fn folder(&self) -> PathBuf {
        if let Some(data) = &self.data {
            return whole(data);
        }
        let first = self.abnormal_dir.first().map(|folder| whole(folder));
        let parent = first.as_deref().and_then(Path::parent);
        parent.map_or_else(PathBuf::new, Path::to_owned)
    }
}

/// The path from the root on, so that `.` has a name too.
pub(super) fn whole(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
