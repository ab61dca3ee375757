//! One ONNX Runtime library, tried.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cfa_runtime::network::{ProviderState, survey};
use cfa_runtime::{OnnxRuntime, ProviderChoice};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Library {
    pub(super) path: PathBuf,
    pub(super) version: Option<String>,
    /// Why it cannot be used at all.
    pub(super) error: Option<String>,
    pub(super) providers: Vec<State>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) provider: String,
    pub(super) in_library: bool,
    pub(super) usable: bool,
    /// In how many bits it computes unless fewer are allowed.
    pub(super) precision: Option<String>,
    pub(super) error: Option<String>,
}

impl Library {
    /// In a process of its own: a process can hold one library only, and what a broken
    /// driver does to it is then its own affair.
    pub(super) fn tried(path: PathBuf) -> Self {
        elsewhere(&path).unwrap_or_else(|error| Self {
            path,
            version: None,
            error: Some(format!("{error:#}")),
            providers: Vec::new(),
        })
    }

    pub(super) fn can(&self, choice: ProviderChoice) -> bool {
        let asked = |state: &&State| match choice {
            ProviderChoice::Auto => true,
            ProviderChoice::Only(provider) => state.provider == provider.name(),
        };
        self.providers
            .iter()
            .filter(asked)
            .any(|state| state.usable)
    }
}

fn elsewhere(path: &Path) -> Result<Library> {
    let program = env::current_exe().context("cannot find this program again")?;
    let output = Command::new(program)
        .arg("check")
        .arg("--inside")
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .context("cannot start this program again")?;
    if !output.status.success() {
        bail!(
            "trying it ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).context("trying it gave no answer")
}

/// In this very process.
pub(super) fn inside(path: &Path) -> Library {
    match OnnxRuntime::load(path) {
        Ok(runtime) => Library {
            path: runtime.path().to_owned(),
            version: runtime.version().map(str::to_owned),
            error: None,
            providers: survey(&runtime).iter().map(State::from).collect(),
        },
        Err(error) => Library {
            path: path.to_owned(),
            version: None,
            error: Some(chain(&error)),
            providers: Vec::new(),
        },
    }
}

impl From<&ProviderState> for State {
    fn from(state: &ProviderState) -> Self {
        let usable = state.usable.as_ref();
        Self {
            provider: state.provider.name().to_owned(),
            in_library: state.in_library,
            usable: usable.is_ok(),
            precision: usable.ok().map(|precision| precision.name().to_owned()),
            // The first words only say which provider.
            error: usable
                .err()
                .map(|error| error.source().map_or_else(|| chain(error), chain)),
        }
    }
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
