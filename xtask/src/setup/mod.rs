//! `cargo xtask setup`: brings the native libraries into `.native/`.

mod build_tools;
mod digest;
mod disk;
mod installation;
mod pins;
mod pip;
mod stamp;
mod unpack;

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use anyhow::{Context, Result, ensure};

use self::{
    installation::Installation,
    pins::{Component, NeededBy, Pins, Variable},
};
use crate::checkout::Checkout;

/// What to bring for all machines alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything: training and inspecting.
    Everything,
    /// Only what `cfa-run` needs.
    RuntimeOnly,
}

/// What to bring besides for machines that have more than a processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// ONNX Runtime with OpenVINO.
    pub(crate) openvino: bool,
    /// ONNX Runtime with CUDA.
    pub(crate) cuda: bool,
}

impl Scope {
    fn covers(self, extras: Extras, component: &Component) -> bool {
        match component.needed_by {
            NeededBy::Runtime => true,
            NeededBy::Trainer => self == Self::Everything,
            NeededBy::Openvino => extras.openvino,
            NeededBy::Cuda => extras.cuda,
        }
    }
}

/// Looks for the programs that the build needs, then downloads and unpacks what is missing. Complete components are left alone,
/// as are those whose environment variable the user has set.
pub(crate) fn setup(checkout: &Checkout, scope: Scope, extras: Extras) -> Result<()> {
    build_tools::require()?;
    let pins = Pins::built_in()?;
    let native = checkout.native();
    fs::create_dir_all(&native).with_context(|| format!("cannot create {}", native.display()))?;
    let _lock = lock(&native)?;
    let mut missing = Vec::new();
    for component in pins
        .components
        .iter()
        .filter(|component| scope.covers(extras, component))
    {
        if let Some(variable) = &component.variable
            && let Some(own) = checkout.user_value(&variable.name, &variable.path)
        {
            check_own(variable, &own)?;
            eprintln!(
                "{}: yours is used, {}={}",
                component.name,
                variable.name,
                own.display()
            );
        } else if stamp::is_complete(&native.join(&component.folder), component) {
            eprintln!("{}: ready", component.name);
        } else {
            missing.push(component);
        }
    }
    Installation {
        native,
        pip: &pins.pip,
    }
    .install_all(&missing)
}

/// Two set-ups at once would delete each other's files; the second one waits.
/// The lock ends with the process, however that ends.
fn lock(native: &Path) -> Result<File> {
    let path = native.join(".lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {
            eprintln!("another set-up is running in this checkout; waiting for it");
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    file.lock()
        .with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// A variable that leads nowhere would only fail much later, in a build. A bare
/// file name is left to the system's loader.
fn check_own(variable: &Variable, own: &Path) -> Result<()> {
    let wanted = variable
        .must_contain
        .as_ref()
        .map_or_else(|| own.to_path_buf(), |inside| own.join(inside));
    ensure!(
        own.components().count() == 1 || wanted.exists(),
        "{} is set to {}, but there is no {}; correct it, or unset it and this command brings the library",
        variable.name,
        own.display(),
        wanted.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_own_library_must_be_there() {
        let temp = tempfile::tempdir().unwrap();
        let mut variable = Variable {
            name: "V".into(),
            path: String::new(),
            must_contain: None,
        };
        let error = check_own(&variable, &temp.path().join("none.so"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("V is set to") && error.contains("none.so"),
            "{error}"
        );
        fs::write(temp.path().join("own.so"), "").unwrap();
        check_own(&variable, &temp.path().join("own.so")).unwrap();
        check_own(&variable, Path::new("libfound-by-the-loader.so")).unwrap();
        variable.must_contain = Some("lib".into());
        assert!(check_own(&variable, temp.path()).is_err());
        fs::create_dir(temp.path().join("lib")).unwrap();
        check_own(&variable, temp.path()).unwrap();
    }

    fn covered(scope: Scope, extras: Extras) -> Vec<String> {
        let components = Pins::built_in().unwrap().components.into_iter();
        components
            .filter(|component| scope.covers(extras, component))
            .map(|component| component.folder)
            .collect()
    }

    #[test]
    fn the_runtime_alone_needs_no_libtorch_and_no_provider_unasked() {
        let none = Extras::default();
        assert_eq!(covered(Scope::RuntimeOnly, none), ["onnxruntime"]);
        assert_eq!(
            covered(Scope::Everything, none),
            ["onnxruntime", "torch", "weights"]
        );
        let openvino = Extras {
            openvino: true,
            ..none
        };
        assert_eq!(
            covered(Scope::RuntimeOnly, openvino),
            ["onnxruntime", "onnxruntime-openvino"]
        );
        let cuda = Extras { cuda: true, ..none };
        assert_eq!(
            covered(Scope::RuntimeOnly, cuda),
            ["onnxruntime", "onnxruntime-gpu"]
        );
    }
}
