//! Where weights come from: a file, the Hugging Face hub, or a Python package.
//!
//! Everything ends as a file on this machine, which [`crate::training`] then reads; its
//! sha256 is what a bundle records.

mod error;
mod hub;
mod pip;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::str::FromStr;

pub use error::SourceError;
pub use hub::Hub;
pub use pip::Pip;

use crate::backbone::Backbone;

/// The file that is taken from a repository unless another is named.
const DEFAULT_FILE: &str = "model.safetensors";

/// What `--weights` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeightsSource {
    /// A file on this machine.
    File(PathBuf),
    /// `hub` or `hub:OWNER/NAME[/FILE]`: the Hugging Face hub.
    Hub {
        /// `OWNER/NAME`; `None`: the backbone's own
        /// ([`crate::backbone::PublishedWeights::hub`]).
        repository: Option<String>,
        /// Path in the repository.
        file: String,
    },
    /// `pip`: the Python package that carries the backbone's weights.
    Pip,
}

impl FromStr for WeightsSource {
    type Err = SourceError;

    /// A file that is called `pip` or begins with `hub` is written `./pip`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            _ if text == "pip" => Ok(Self::Pip),
            _ if text == "hub" => Ok(Self::Hub {
                repository: None,
                file: DEFAULT_FILE.to_owned(),
            }),
            Some(("hub", place)) => hub_place(place),
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

/// `OWNER/NAME[/FILE]`
fn hub_place(place: &str) -> Result<WeightsSource, SourceError> {
    let malformed = || SourceError::Place(place.to_owned());
    let mut parts = place.splitn(3, '/');
    let (Some(owner), Some(name)) = (parts.next(), parts.next()) else {
        return Err(malformed());
    };
    let file = parts.next().unwrap_or(DEFAULT_FILE);
    let plain = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !part.is_empty() && part.chars().all(allowed) && part != "." && part != ".."
    };
    if ![owner, name].into_iter().chain(file.split('/')).all(plain) {
        return Err(malformed());
    }
    Ok(WeightsSource::Hub {
        repository: Some(format!("{owner}/{name}")),
        file: file.to_owned(),
    })
}

/// Told of a download in bytes: how much is there, of how much.
pub type Downloaded<'a> = &'a mut dyn FnMut(u64, u64);

impl WeightsSource {
    /// Where weights of a backbone are looked for if no source is named: the Python package
    /// that carries them, whose file is pinned by its sha256, then the hub.
    #[must_use]
    pub fn usual(backbone: Backbone) -> Vec<Self> {
        let hub = Self::Hub {
            repository: None,
            file: DEFAULT_FILE.to_owned(),
        };
        let pip = backbone.published_weights().pip.map(|_package| Self::Pip);
        pip.into_iter().chain([hub]).collect()
    }

    /// The file, package or repository that the source stands for, in words.
    #[must_use]
    pub fn origin(&self, backbone: Backbone) -> String {
        let published = backbone.published_weights();
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Hub { repository, file } => {
                let repository = repository.as_deref().unwrap_or(published.hub);
                format!("{file} of {repository} on the hub, whose page names the licence")
            }
            Self::Pip => match &published.pip {
                Some(package) => format!(
                    "the Python package {} {}, whose page names the licence",
                    package.package, package.version
                ),
                None => format!("a Python package, of which none carries {backbone}"),
            },
        }
    }

    /// The file on this machine, downloaded if it is not there yet.
    ///
    /// # Errors
    /// The backbone has no such source, or the download fails or is not what it
    /// should be.
    pub fn fetch(
        &self,
        backbone: Backbone,
        hub: &Hub,
        pip: &Pip,
        progress: Downloaded<'_>,
    ) -> Result<PathBuf, SourceError> {
        let published = backbone.published_weights();
        match self {
            Self::File(path) => Ok(path.clone()),
            Self::Hub { repository, file } => {
                let repository = repository.as_deref().unwrap_or(published.hub);
                hub.fetch(repository, file, progress)
            }
            Self::Pip => match &published.pip {
                Some(package) => pip.fetch(package),
                None => Err(SourceError::NoPackage {
                    backbone: backbone.name(),
                }),
            },
        }
    }
}

/// The file from the first source that has it, and that source.
///
/// # Errors
/// None has it: the error of the only source, or [`SourceError::Nowhere`] with all of them.
pub fn first_of<'a>(
    sources: &'a [WeightsSource],
    backbone: Backbone,
    hub: &Hub,
    pip: &Pip,
    progress: Downloaded<'_>,
) -> Result<(PathBuf, &'a WeightsSource), SourceError> {
    let mut failed = Vec::new();
    for source in sources {
        match source.fetch(backbone, hub, pip, progress) {
            Ok(file) => return Ok((file, source)),
            Err(error) if sources.len() == 1 => return Err(error),
            Err(error) => failed.push(format!("{}: {error}", source.origin(backbone))),
        }
    }
    Err(SourceError::Nowhere {
        backbone: backbone.name(),
        failed,
    })
}
