//! Where things lie in this checkout, and how its programs are started.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// Variables that `.cargo/config.toml` sets, with their values below `.native/`.
const LIBRARY_VARIABLES: [(&str, &str); 2] = [
    ("LIBTORCH", "torch/torch"),
    ("ORT_DYLIB_PATH", "onnxruntime/libonnxruntime.so"),
];

/// The checkout that this program was started from.
#[derive(Debug)]
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// `cargo run` tells the package's folder; started without cargo, it is
    /// where the program was built.
    pub(crate) fn find() -> Result<Self> {
        let package =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&package)
            .parent()
            .context("xtask must lie in the checkout's root")?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn native(&self) -> PathBuf {
        self.root.join(".native")
    }

    /// The value of a library variable if the user has set it: cargo passes on
    /// its own value, below `.native/`, otherwise.
    pub(crate) fn user_value(&self, variable: &str, ours: &str) -> Option<PathBuf> {
        self.own_value(env::var_os(variable), ours)
    }

    fn own_value(&self, value: Option<OsString>, ours: &str) -> Option<PathBuf> {
        let value = PathBuf::from(value.filter(|value| !value.is_empty())?);
        let ours = self.native().join(ours);
        let same = value == ours
            || value
                .canonicalize()
                .ok()
                .is_some_and(|path| Some(path) == ours.canonicalize().ok());
        (!same).then_some(value)
    }

    /// The cargo that runs this program. Library variables that the user has not
    /// set are taken away, so that cargo sees what it sees when called directly
    /// and does not build anew.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        for (variable, ours) in LIBRARY_VARIABLES {
            if self.user_value(variable, ours).is_none() {
                command.env_remove(variable);
            }
        }
        command
    }

    /// A built program, started in the checkout's root, with the libraries of
    /// `.native/` unless the user has others.
    pub(crate) fn program(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        for (variable, ours) in LIBRARY_VARIABLES {
            if self.user_value(variable, ours).is_none() {
                command.env(variable, self.native().join(ours));
            }
        }
        command.current_dir(&self.root);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_path_counts_as_set_by_the_user() {
        let checkout = Checkout {
            root: PathBuf::from("/checkout"),
        };
        let own = |value: &str| checkout.own_value(Some(value.into()), "torch/torch");
        assert_eq!(own("/checkout/.native/torch/torch"), None);
        assert_eq!(own(""), None);
        assert_eq!(checkout.own_value(None, "torch/torch"), None);
        assert_eq!(own("/opt/libtorch"), Some(PathBuf::from("/opt/libtorch")));
    }
}
