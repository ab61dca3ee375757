//! The committed golden cases, so that parity is tested everywhere; and all cases
//! of the full folder where it is there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use cfa_golden::{Outcome, Report};
use cfa_runtime::network::OnnxRuntime;

fn run(dir: &Path) -> Report<'static> {
    let library = std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from);
    let library = library.map(|path| OnnxRuntime::load(&path).unwrap());
    cfa_golden::run(dir, library.as_ref(), &mut |line| println!("{line}")).unwrap()
}

fn compared(report: &Report<'_>) -> usize {
    let lines = report.lines().iter();
    lines
        .filter(|line| matches!(line.outcome, Outcome::Compared { .. }))
        .count()
}

#[test]
fn the_committed_cases_agree_with_the_reference() {
    let report = run(&Path::new(env!("CARGO_MANIFEST_DIR")).join("subset"));
    assert_eq!(report.failures(), 0, "{report:?}");
    assert!(
        compared(&report) > 40,
        "too little was compared: {report:?}"
    );
}

#[test]
fn all_cases_agree_where_the_full_folder_is_there() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden");
    if !dir.is_dir() {
        println!("skipped: {} is not there", dir.display());
        return;
    }
    let report = run(&dir);
    assert_eq!(report.failures(), 0, "{report:?}");
    assert!(
        compared(&report) > 200,
        "too little was compared: {report:?}"
    );
}

/// A check that cannot fail proves nothing: one wrong value must be noticed.
#[test]
fn a_changed_value_is_noticed() {
    let folder = std::env::temp_dir().join(format!("cfa-golden-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let subset = Path::new(env!("CARGO_MANIFEST_DIR")).join("subset");
    for entry in std::fs::read_dir(subset).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let manifest = folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("1718.7724609375"));
    std::fs::write(
        &manifest,
        text.replace("1718.7724609375", "1718.9724609375"),
    )
    .unwrap();
    let report = run(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    let failed: Vec<_> = report.lines().iter().filter(|line| line.failed()).collect();
    assert!(
        matches!(failed[..], [line] if line.quantity == "train_r1e-5: loss of step 1"),
        "{failed:?}"
    );
}
