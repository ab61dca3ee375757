//! The pin file `xtask/native.toml`.

use std::path::{Component as PathPart, Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// All pinned downloads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pins {
    pub(crate) pip: PipTarget,
    #[serde(rename = "component")]
    pub(crate) components: Vec<Component>,
}

/// The platform that the wheels are made for, in pip's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipTarget {
    pub(crate) os: String,
    pub(crate) arch: String,
    pub(crate) python_version: String,
    pub(crate) implementation: String,
    pub(crate) abi: String,
    pub(crate) platforms: Vec<String>,
}

/// One folder below `.native/`, which is there completely or not at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) needed_by: NeededBy,
    pub(crate) unpacked_bytes: u64,
    pub(crate) variable: Option<Variable>,
    #[serde(default)]
    pub(crate) texts: Vec<Text>,
    #[serde(rename = "wheel")]
    pub(crate) wheels: Vec<Wheel>,
}

/// Which program, or which provider of it, cannot do without a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NeededBy {
    Runtime,
    Trainer,
    Openvino,
    Cuda,
}

/// The environment variable by which a user brings an own library.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// Its value in `.cargo/config.toml`, relative to `.native/`.
    pub(crate) path: String,
    /// What must lie in the folder that it names, if it names a folder.
    pub(crate) must_contain: Option<String>,
}

/// A small file that set-up writes itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) to: String,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wheel {
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    #[serde(default)]
    pub(crate) any_platform: bool,
    pub(crate) keep: Vec<Keep>,
}

/// A file of the wheel, or a whole folder when both paths end in `/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keep {
    pub(crate) from: String,
    /// Relative to the component's folder.
    pub(crate) to: String,
    pub(crate) sha256: Option<String>,
}

impl Keep {
    pub(crate) fn is_folder(&self) -> bool {
        self.from.ends_with('/')
    }
}

impl Pins {
    /// The pins this program was built with.
    pub(crate) fn built_in() -> Result<Self> {
        Self::parse(include_str!("../../native.toml")).context("in xtask/native.toml")
    }

    fn parse(text: &str) -> Result<Self> {
        let pins: Self = toml::from_str(text)?;
        for component in &pins.components {
            component.check().with_context(|| component.name.clone())?;
        }
        Ok(pins)
    }
}

impl Component {
    /// Paths below the component's folder that exist once it is complete.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let kept = self
            .wheels
            .iter()
            .flat_map(|wheel| &wheel.keep)
            .map(|keep| keep.to.as_str());
        kept.chain(self.texts.iter().map(|text| text.to.as_str()))
    }

    fn check(&self) -> Result<()> {
        for path in self.files().chain([self.folder.as_str()]) {
            ensure!(
                stays_inside(path),
                "`{path}` must be relative and free of `..`"
            );
        }
        for wheel in &self.wheels {
            ensure!(
                is_file_name(&wheel.file),
                "`{}` is not a plain file name",
                wheel.file
            );
            ensure!(
                is_sha256(&wheel.sha256),
                "`{}` is not a sha256",
                wheel.sha256
            );
            for keep in &wheel.keep {
                let both = keep.from.ends_with('/') == keep.to.ends_with('/');
                ensure!(
                    both,
                    "`{}`: only one side of the pair is a folder",
                    keep.from
                );
            }
        }
        Ok(())
    }
}

/// Whether a path, joined to a folder, cannot lead out of it.
pub(crate) fn stays_inside(path: &str) -> bool {
    !path.is_empty()
        && Path::new(path)
            .components()
            .all(|part| matches!(part, PathPart::Normal(_)))
}

fn is_file_name(name: &str) -> bool {
    stays_inside(name) && Path::new(name).components().count() == 1
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_pin_file_parses_and_stays_inside_its_folder() {
        let pins = Pins::built_in().unwrap();
        assert_eq!(pins.components.len(), 5);
        assert_eq!(
            pins.components
                .iter()
                .flat_map(|component| &component.wheels)
                .count(),
            14
        );
    }

    #[test]
    fn a_path_out_of_the_folder_is_refused() {
        let text = include_str!("../../native.toml");
        for bad in ["../x", "/x", "a/../../x", ""] {
            let changed = text.replace("to = \"libonnxruntime.so\"", &format!("to = \"{bad}\""));
            assert_ne!(changed, text);
            let error = Pins::parse(&changed).unwrap_err();
            assert!(
                format!("{error:#}").contains("must be relative"),
                "{bad}: {error:#}"
            );
        }
    }

    #[test]
    fn a_shortened_digest_is_refused() {
        let text = include_str!("../../native.toml").replace("9f118f8b", "9f118f");
        assert!(format!("{:#}", Pins::parse(&text).unwrap_err()).contains("is not a sha256"));
    }

    #[test]
    fn cargo_config_points_where_set_up_unpacks() {
        let config = include_str!("../../../.cargo/config.toml");
        for component in Pins::built_in().unwrap().components {
            let Some(variable) = component.variable else {
                continue;
            };
            let line = format!(
                "{} = {{ value = \".native/{}\", relative = true }}",
                variable.name, variable.path
            );
            assert!(config.contains(&line), "missing: {line}");
        }
    }
}
