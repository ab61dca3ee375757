//! Why a checkpoint cannot become a bundle.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::backbone::weights::WeightsProblem;
use crate::error::TrainError;
use crate::network::ParameterMismatch;

/// A checkpoint that could not be imported: which one, and why.
///
/// `Display` gives both; a cause behind the problem is the [`source`](Error::source).
#[derive(Debug)]
pub struct ImportError {
    /// The checkpoint.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Box<ImportProblem>,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "cannot import {path}: {}", self.problem)
    }
}

impl Error for ImportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

impl ImportError {
    pub(super) fn at(path: &Path, problem: impl Into<ImportProblem>) -> Self {
        Self {
            path: path.to_owned(),
            problem: Box::new(problem.into()),
        }
    }
}

/// What can be wrong with a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportProblem {
    /// The file cannot be read at all.
    #[error(transparent)]
    Unreadable(#[from] WeightsProblem),
    /// Another model, or only a backbone.
    #[error(
        "it is no CFA model of anomalib: the tensor {missing} is missing; it holds {found}. \
         Give the .ckpt that training wrote, or the model.pt of `anomalib export --export_type torch`"
    )]
    NotCfa {
        /// What every CFA model has.
        missing: &'static str,
        /// What is there instead.
        found: String,
    },
    /// Saved before the training began.
    #[error("its memory bank is empty: the model was saved before it was trained")]
    Untrained,
    /// A tensor does not fit the others.
    #[error("the tensor {name} has the shape {found:?}, where {expected} is needed")]
    Shape {
        /// The tensor.
        name: &'static str,
        /// Its shape in the file.
        found: Vec<usize>,
        /// What would fit.
        expected: String,
    },
    /// Releases with and without the raw-feature mistake write the same files.
    #[error(
        "it was written by {release}. Releases 1.0.0 to 2.3.1 did not pool the second and third feature \
         map, all others did, and this file does not say which wrote it. Give --features raw for 1.0.0 to 2.3.1, \
         --features pooled for all others; with the wrong one every score is wrong"
    )]
    UnknownFeatures {
        /// What is known of the release.
        release: &'static str,
    },
    /// The backbone's name is not one of ours.
    #[error("its backbone '{name}' is not known here; cfa-train backbones lists what is")]
    UnknownBackbone {
        /// As the file has it.
        name: String,
    },
    /// No backbone has these tensors.
    #[error(
        "its backbone could not be recognised from {tensors} tensors; name it to see what differs"
    )]
    UnrecognisedBackbone {
        /// How many tensors there are.
        tensors: usize,
    },
    /// The backbone's tensors are not those of the named backbone.
    #[error("it does not hold the backbone {backbone}: {mismatch}")]
    ForeignBackbone {
        /// The named backbone.
        backbone: &'static str,
        /// What does not fit.
        mismatch: ParameterMismatch,
    },
    /// Pictures were brought to the network in a way that bundles do not have.
    #[error(
        "its pre-processing cannot be reproduced: {step}. Give an image size (and a centre crop) to use a plain \
         antialiased resize instead; scores then differ from anomalib's unless the pictures have that size already"
    )]
    Preprocessing {
        /// The step in question.
        step: String,
    },
    /// The memory bank was made for another input size.
    #[error(
        "its memory bank has {rows} entries, but {height}×{width} pictures give {positions} positions and with \
         gamma_c {gamma_c} that is {expected}; give the image size (and the centre crop) of the training"
    )]
    ForeignSize {
        /// Entries of the bank.
        rows: usize,
        /// Rows of the network's input.
        height: usize,
        /// Columns of the network's input.
        width: usize,
        /// Positions of φ for that input.
        positions: usize,
        /// γc.
        gamma_c: usize,
        /// Entries that would fit.
        expected: usize,
    },
    /// A setting is out of range, a picture is broken, or the bundle cannot be written.
    #[error(transparent)]
    Train(#[from] TrainError),
}
