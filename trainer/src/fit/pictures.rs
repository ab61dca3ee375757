//! The pictures of a training: found, checked, and split by their use.

use std::path::PathBuf;

use cfa_runtime::Cancellation;
use cfa_runtime::preprocess::Preprocessing;

use super::request::FitRequest;
use crate::dataset::{
    CheckedPictures, DataAccount, Dataset, Fingerprint, GoodSplit, check_pictures, fingerprints,
};
use crate::error::TrainError;
use crate::events::{FitEvent, FitObserver};

/// The pictures of a training.
pub(super) struct UsablePictures {
    pub(super) split: GoodSplit,
    /// Pixels of the largest picture.
    pub(super) largest_px: u64,
    /// What was found, used and left out.
    pub(super) account: DataAccount,
}

impl UsablePictures {
    pub(super) fn find(
        request: &FitRequest,
        preprocessing: &Preprocessing,
        observer: &mut dyn FitObserver,
        cancellation: &Cancellation,
    ) -> Result<Self, TrainError> {
        let dataset = Dataset::discover_with(&request.data, &request.good_names)?;
        let checked = checked(&dataset, request, preprocessing, observer, cancellation)?;
        let settings = &request.settings;
        let copies = checked.copies(settings.count_similar);
        let (calibration, selection) = (settings.calibration_split, settings.selection_split);
        let split = GoodSplit::apart(&checked.good, &copies, calibration, selection);
        observer.event(&FitEvent::HeldOut {
            training: split.training.len(),
            calibration: split.calibration.len(),
            selection: split.selection.len(),
        });
        let test = test_fingerprints(&dataset, request, preprocessing, cancellation)?;
        Ok(Self {
            account: DataAccount::of_training(&dataset, &checked, &copies, &split, &test),
            largest_px: checked.largest_px,
            split,
        })
    }
}

/// The good pictures, each decoded once.
fn checked(
    dataset: &Dataset,
    request: &FitRequest,
    preprocessing: &Preprocessing,
    observer: &mut dyn FitObserver,
    cancellation: &Cancellation,
) -> Result<CheckedPictures, TrainError> {
    let found = &dataset.train_good;
    observer.event(&FitEvent::Checking {
        pictures: found.len(),
    });
    let (limits, skip_bad) = (request.picture_limits, request.skip_bad);
    let checked = check_pictures(found, preprocessing, limits, skip_bad, cancellation)?;
    for picture in &checked.bad {
        observer.event(&FitEvent::Skipped {
            reason: picture.to_string(),
        });
    }
    for finding in checked.depths.findings(preprocessing.parts().white_level) {
        observer.event(&FitEvent::Depth(finding));
    }
    Ok(checked)
}

/// Test pictures are only compared with the training pictures, to find those that are both.
fn test_fingerprints(
    dataset: &Dataset,
    request: &FitRequest,
    preprocessing: &Preprocessing,
    cancellation: &Cancellation,
) -> Result<Vec<(usize, Fingerprint)>, TrainError> {
    let test = dataset.test.iter();
    let paths: Vec<PathBuf> = test.map(|picture| picture.path.clone()).collect();
    let limits = request.picture_limits;
    Ok(fingerprints(&paths, preprocessing, limits, cancellation)?)
}
