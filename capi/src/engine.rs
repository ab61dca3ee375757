//! What computes the networks of sessions.

#[cfg(feature = "fake-network")]
use std::path::Path;
use std::path::PathBuf;

use cfa_runtime::network::{OpeningWatch, file_loaded_at, library_beside};
use cfa_runtime::{Inspector, Model, OnnxRuntime};

use crate::fault::Fault;
use crate::options::Choices;

/// ONNX Runtime, or in builds for tests a fake, if the option `onnxruntime` asks for it by
/// the name "fake-network".
#[derive(Debug)]
pub(crate) enum Engine {
    OnnxRuntime(OnnxRuntime),
    #[cfg(feature = "fake-network")]
    Fake,
}

impl Engine {
    /// Loads the ONNX Runtime asked for, or takes the one loaded already, the one beside this
    /// library, or what the system's loader finds.
    pub(crate) fn for_choices(choices: &Choices) -> Result<Self, Fault> {
        #[cfg(feature = "fake-network")]
        if choices.onnxruntime.as_deref() == Some(Path::new("fake-network")) {
            return Ok(Self::Fake);
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
            #[cfg(feature = "fake-network")]
            (Self::Fake, _) => Inspector::with_fake_network(model, options),
        }?)
    }
}

/// The file that this code was loaded from, where the system tells.
fn own_file() -> Option<PathBuf> {
    file_loaded_at(own_file as *const () as usize)
}
