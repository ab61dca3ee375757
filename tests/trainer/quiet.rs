//! A training, with ONNX Runtime's verification at its end, leaves no file but the bundle.

use std::path::{Path, PathBuf};

use crate::workshop::{Run, Workshop};

/// Folders that programs write to by their own choice, and where they are told.
const FOLDERS: [(&str, &str); 5] = [
    ("home", "HOME"),
    ("cache", "XDG_CACHE_HOME"),
    ("config", "XDG_CONFIG_HOME"),
    ("state", "XDG_STATE_HOME"),
    ("tmp", "TMPDIR"),
];

/// With a name for them set, ONNX Runtime takes the machine for one that tests programs, and
/// is silent.
const TESTING: [&str; 4] = ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"];

#[test]
fn nothing_is_left_but_the_bundle() {
    let Some(workshop) = Workshop::new() else {
        return;
    };
    let mut command = workshop.command(&[]);
    // As outside of cargo, whose configuration switches telemetry off.
    command.env_remove("ORT_DISABLE_TELEMETRY");
    for name in TESTING {
        command.env_remove(name);
    }
    for (folder, variable) in FOLDERS {
        let path = workshop.at(folder);
        std::fs::create_dir(&path).unwrap();
        command.env(variable, path);
    }
    Run::finished(command.current_dir(workshop.at("home"))).fine();
    let pictures = workshop.at("data");
    let files: Vec<_> = files_below(&workshop.at(""))
        .into_iter()
        .filter(|file| !file.starts_with(&pictures))
        .collect();
    assert_eq!(files, [workshop.at("model.cfa")]);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}
