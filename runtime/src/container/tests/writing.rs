//! Bundles on disk.

use std::fs;

use super::*;

/// Names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_bundle_on_disk_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cfa");
    write_bundle(&path, small()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), small_file());
    assert_eq!(
        Bundle::open(&path).unwrap(),
        Bundle::from_bytes(&small_file()).unwrap()
    );
    assert_eq!(names(folder.path()), ["model.cfa"]);
}

#[test]
fn a_bundle_replaces_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cfa");
    fs::write(&path, "an older model").unwrap();
    write_bundle(&path, small()).unwrap();
    assert!(Bundle::open(&path).is_ok());
}

#[test]
fn parts_that_do_not_fit_leave_the_old_bundle_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cfa");
    fs::write(&path, "an older model").unwrap();
    let mut parts = small();
    parts.tensors.memory_bank[[0, 0]] = f32::NAN;
    let error = write_bundle(&path, parts).unwrap_err();
    assert_eq!(error.path.as_deref(), Some(path.as_path()));
    assert_eq!(fs::read(&path).unwrap(), b"an older model");
    assert_eq!(names(folder.path()), ["model.cfa"]);
}

#[test]
fn a_record_of_the_training_too_long_to_read_back_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut parts = small();
    parts.manifest.training = "x".repeat(2 << 20).into();
    let error = write_bundle(&folder.path().join("model.cfa"), parts).unwrap_err();
    assert!(
        matches!(error.problem, BundleProblem::HeaderTooLong { .. }),
        "{error}"
    );
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_target_that_is_a_folder_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cfa");
    fs::create_dir(&path).unwrap();
    let error = write_bundle(&path, small()).unwrap_err();
    assert!(matches!(error.problem, BundleProblem::Write(_)), "{error}");
    assert_eq!(names(folder.path()), ["model.cfa"]);
    assert!(names(&path).is_empty());
}

#[test]
fn a_folder_that_is_missing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_bundle(&folder.path().join("absent/model.cfa"), small()).unwrap_err();
    assert!(matches!(error.problem, BundleProblem::Write(_)), "{error}");
}

#[test]
fn a_missing_bundle_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cfa");
    let error = Bundle::open(&path).unwrap_err();
    assert!(matches!(error.problem, BundleProblem::Read(_)));
    assert!(
        error.to_string().starts_with(&path.display().to_string()),
        "{error}"
    );
}

/// A sparse file: its length is claimed, not filled.
#[test]
fn a_file_above_the_limit_is_refused_without_reading_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.cfa");
    fs::File::create(&path)
        .unwrap()
        .set_len((4 << 30) + 1)
        .unwrap();
    let error = Bundle::open(&path).unwrap_err();
    assert!(
        matches!(error.problem, BundleProblem::TooLarge { .. }),
        "{error}"
    );
}
