//! Builds the two programs and finds out where cargo put them.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{checkout::Checkout, step};

pub(super) struct Programs {
    pub(super) cfa_run: PathBuf,
    pub(super) cfa_train: PathBuf,
}

impl Programs {
    pub(super) fn build(checkout: &Checkout) -> Result<Self> {
        let mut cargo = checkout.cargo();
        cargo
            .current_dir(checkout.root())
            .args(["build", "--release", "--bins"]);
        cargo.args(["--package", "cfa-run", "--package", "cfa-train"]);
        cargo.arg("--message-format=json-render-diagnostics");
        let messages = step::capture("Building cfa-run and cfa-train", &mut cargo)?;
        let find = |name: &str| {
            executable(&messages, name).with_context(|| format!("cargo built no `{name}`"))
        };
        Ok(Self {
            cfa_run: find("cfa-run")?,
            cfa_train: find("cfa-train")?,
        })
    }
}

/// The parts of a line of cargo's JSON output that matter here.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    artifacts
        .filter(|artifact| artifact.target.name == name)
        .find_map(|artifact| artifact.executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"cfa_run"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"cfa-run"},"executable":"/t/release/cfa-run"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "cfa-run"),
            Some(PathBuf::from("/t/release/cfa-run"))
        );
        assert_eq!(executable(messages, "cfa_run"), None);
    }
}
