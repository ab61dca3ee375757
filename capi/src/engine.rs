//! What computes the networks of sessions.

use std::path::{Path, PathBuf};

use cfa_runtime::network::{OpeningWatch, library_beside};
use cfa_runtime::{Cancellation, Inspector, Model, OnnxRuntime};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::options::Choices;

/// ONNX Runtime. In builds for tests also a stand-in for it, if the option `onnxruntime`
/// asks for that by name.
#[derive(Debug)]
pub(crate) enum Engine {
    OnnxRuntime(OnnxRuntime),
    #[cfg(feature = "stand-in")]
    StandIn,
}

impl Engine {
    /// The ONNX Runtime asked for, or the one loaded already, or the one beside this
    /// library, or whichever the system's loader finds.
    pub(crate) fn of(choices: &Choices) -> Result<Self, Fault> {
        #[cfg(feature = "stand-in")]
        if choices.onnxruntime.as_deref() == Some(Path::new("stand-in")) {
            return Ok(Self::StandIn);
        }
        Ok(Self::OnnxRuntime(match &choices.onnxruntime {
            Some(path) => OnnxRuntime::load(path),
            None => OnnxRuntime::loaded_or_load(&library_beside(own_file().as_deref())),
        }?))
    }

    pub(crate) fn inspector(
        &self,
        model: &Model,
        choices: &Choices,
        watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Inspector, Fault> {
        let options = &choices.inspector;
        Ok(match (self, watch) {
            (Self::OnnxRuntime(runtime), None) => Inspector::new(model, runtime, options),
            (Self::OnnxRuntime(runtime), Some(watch)) => {
                Inspector::new_watched(model, runtime, options, watch)
            }
            #[cfg(feature = "stand-in")]
            (Self::StandIn, _) => Inspector::standing_in(model, options),
        }?)
    }

    pub(crate) fn cancellation(&self) -> Result<Cancellation, Fault> {
        match self {
            Self::OnnxRuntime(runtime) => Ok(Cancellation::new(runtime)?),
            #[cfg(feature = "stand-in")]
            Self::StandIn => Ok(Cancellation::standing_in()),
        }
    }

    pub(crate) fn facts(&self) -> Value {
        match self {
            Self::OnnxRuntime(runtime) => {
                json!({ "version": runtime.version(), "path": runtime.path() })
            }
            #[cfg(feature = "stand-in")]
            Self::StandIn => json!("stand-in"),
        }
    }
}

/// The file that this code was loaded from, as Linux tells it.
fn own_file() -> Option<PathBuf> {
    let here = own_file as *const () as usize;
    let mappings = std::fs::read_to_string("/proc/self/maps").ok()?;
    let holds = |line: &&str| {
        let (first, end) = line.split_once(' ')?.0.split_once('-')?;
        let bounds = [first, end].map(|bound| usize::from_str_radix(bound, 16).ok());
        let [Some(first), Some(end)] = bounds else {
            return None;
        };
        (first..end).contains(&here).then_some(())
    };
    let line = mappings.lines().find(|line| holds(line).is_some())?;
    let file = &line[line.find('/')?..];
    Some(Path::new(file).to_owned())
}
