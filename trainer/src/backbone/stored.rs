//! Tensors of a file, under the names of the graph.

use std::path::Path;

use super::catalogue::Backbone;
use super::naming::Naming;
use super::tap::TapActivation;
use crate::network::{Graph, Op, ParameterMismatch, Parameters, check_parameters};

/// Why a file's tensors cannot be used for a backbone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} does not hold weights of {backbone}: {problem}")]
pub struct ForeignWeights {
    /// The weight file.
    pub file: String,
    /// The backbone that was asked for.
    pub backbone: &'static str,
    /// What does not fit.
    pub problem: UnfitWeights,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitWeights {
    /// Names or shapes.
    #[error("{0}; backbone and weights must belong together")]
    Tensors(ParameterMismatch),
    /// The names of a publisher whose variant of the network is another one.
    #[error(
        "its names are those of the port from TensorFlow, which pads in another way; use torchvision's or timm's file"
    )]
    Publisher,
    /// timm's twin of the network.
    #[error("it is timm's {twin}, which pads or normalises in another way; use a file of {wanted}")]
    Twin {
        /// The model that the path names.
        twin: &'static str,
        /// The model that fits.
        wanted: &'static str,
    },
    /// A file that could be of either of two models of timm.
    #[error(
        "its tensors have the same names in timm's {wanted}, which fits, and in {twin}, which does not; rename the file or its folder so that the model's name is in the path"
    )]
    Ambiguous {
        /// The model that does not fit.
        twin: &'static str,
        /// The model that fits.
        wanted: &'static str,
    },
}

impl Backbone {
    /// Brings the tensors of the file at `path` under the graph's names. Epsilons
    /// that the publisher chose differently are moved into the variances: only
    /// their sums count.
    ///
    /// # Errors
    /// Names what is missing, extra or of another shape, or says which variant of
    /// the network the file belongs to.
    pub fn fit_parameters(
        self,
        path: &Path,
        stored: Parameters,
    ) -> Result<Parameters, ForeignWeights> {
        self.fitted(path, stored).map_err(|problem| ForeignWeights {
            file: path.display().to_string(),
            backbone: self.name(),
            problem,
        })
    }

    fn fitted(self, path: &Path, stored: Parameters) -> Result<Parameters, UnfitWeights> {
        let naming = Naming::used_by(stored.keys().map(String::as_str));
        let source = match self.stored_graph(naming) {
            Some(source) => source,
            None if naming == Naming::EfficientnetPytorch && self.has_namings() => {
                return Err(UnfitWeights::Publisher);
            }
            None => self.graph(TapActivation::Relu),
        };
        check_parameters(&source, &stored, &self.unused_prefixes())
            .map_err(UnfitWeights::Tensors)?;
        if naming == Naming::Timm {
            self.require_model_of_timm(path)?;
        }
        Ok(renamed(&source, &self.graph(TapActivation::Relu), stored))
    }

    fn has_namings(self) -> bool {
        self.stored_graph(Naming::Timm).is_some()
    }

    /// The path must name the model where tensors alone do not tell it from its twin.
    fn require_model_of_timm(self, path: &Path) -> Result<(), UnfitWeights> {
        let Some([wanted, twin]) = self.published_weights().timm else {
            return Ok(());
        };
        match model_in(path, [wanted, twin]) {
            Some(model) if model == wanted => Ok(()),
            Some(_) => Err(UnfitWeights::Twin { twin, wanted }),
            None => Err(UnfitWeights::Ambiguous { twin, wanted }),
        }
    }
}

/// Which of two models the path names, the last component that names one counting.
/// One name ends with the other, so what stands before it decides.
fn model_in(path: &Path, models: [&'static str; 2]) -> Option<&'static str> {
    let [short, long] = if models[0].len() < models[1].len() {
        models
    } else {
        [models[1], models[0]]
    };
    path.components().rev().find_map(|component| {
        let text = component.as_os_str().to_string_lossy();
        match (text.contains(long), text.contains(short)) {
            (true, _) => Some(long),
            (false, true) => Some(short),
            _ => None,
        }
    })
}

/// Tensors of `source` under the names that the same layers have in `target`;
/// others are left as they are.
fn renamed(source: &Graph, target: &Graph, mut stored: Parameters) -> Parameters {
    let mut result = Parameters::new();
    for (from, to) in source.nodes().iter().zip(target.nodes()) {
        let names = from.op.parameters().into_iter().zip(to.op.parameters());
        for (old, new) in names {
            if let Some(mut tensor) = stored.remove(&old.name) {
                if old.name.ends_with(".running_var") {
                    let difference = epsilon(&from.op) - epsilon(&to.op);
                    for value in &mut tensor.values {
                        *value = (f64::from(*value) + difference) as f32;
                    }
                }
                result.insert(new.name, tensor);
            }
        }
    }
    result.extend(stored);
    result
}

fn epsilon(op: &Op) -> f64 {
    match op {
        Op::BatchNorm { epsilon, .. } => *epsilon,
        _ => 0.0,
    }
}
