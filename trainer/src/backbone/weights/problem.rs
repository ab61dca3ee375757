use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use safetensors::SafeTensorError;
use zip::result::ZipError;

/// A weights file that could not be read: its path, and the problem.
///
/// `Display` gives both; a cause behind the problem is the [`source`](Error::source).
#[derive(Debug)]
pub struct WeightsError {
    /// The file as it was named by the caller.
    pub path: PathBuf,
    /// The problem.
    pub problem: WeightsProblem,
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "cannot read the weights {path}: {}", self.problem)
    }
}

impl Error for WeightsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

/// The problem of a weights file.
#[derive(Debug, thiserror::Error)]
pub enum WeightsProblem {
    /// Opening or reading failed.
    #[error("it cannot be opened or read")]
    Io(#[source] std::io::Error),

    /// Over the cap on whole files.
    #[error("it is larger than {limit_bytes} bytes; give the weights of the backbone alone")]
    TooLarge {
        /// The cap.
        limit_bytes: u64,
    },

    /// None of the three containers.
    #[error(
        "it is neither a .safetensors file nor a checkpoint written by torch.save; \
         give a .safetensors, .pth or .pt file"
    )]
    UnknownFormat,

    /// The safetensors container is broken.
    #[error("it is not a valid .safetensors file; fetch it again")]
    Safetensors(#[source] SafeTensorError),

    /// The zip container is broken.
    #[error("its zip archive is damaged; fetch it again")]
    Zip(#[source] ZipError),

    /// A zip archive that `torch.save` did not write.
    #[error("its zip archive is not one that torch.save writes: {what}")]
    Archive {
        /// The difference, with the entry's name.
        what: String,
    },

    /// The pickle names a function or class outside of the short list of harmless ones.
    #[error(
        "this file wants to run code: {name}; nothing was run. Convert it to .safetensors, \
         or save the state_dict alone"
    )]
    ForbiddenGlobal {
        /// Module and name, such as `os.system`.
        name: String,
    },

    /// An instruction that `torch.save` never writes.
    #[error("its pickle holds the unexpected instruction {opcode:#04x} at byte {position}")]
    ForbiddenOpcode {
        /// The instruction.
        opcode: u8,
        /// Its place in the pickle, or in the file for the old format.
        position: usize,
    },

    /// The pickle ends early or contradicts itself.
    #[error("its pickle is damaged at byte {position}: {what}; fetch the file again")]
    Pickle {
        /// The place of the damage, counted as in [`Self::ForbiddenOpcode`].
        position: usize,
        /// The contradiction.
        what: &'static str,
    },

    /// Written on a big-endian machine.
    #[error("it was written in big-endian byte order; convert it to .safetensors")]
    BigEndian,

    /// The raw values of a storage do not fit their description.
    #[error("the raw values {key:?} are damaged: {what}; fetch the file again")]
    Storage {
        /// The storage's key.
        key: String,
        /// The contradiction.
        what: &'static str,
    },

    /// A tensor's description is impossible.
    #[error("the tensor {name} is impossible: {what}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// The contradiction.
        what: &'static str,
    },

    /// A floating-point kind that is not converted, such as the eight-bit ones.
    #[error("the tensor {name} is of type {dtype}; convert it to F32")]
    UnsupportedDtype {
        /// The tensor's name.
        name: String,
        /// The name of the type in the file.
        dtype: String,
    },

    /// Readable, but without a table of tensors.
    #[error("no tensors were found in it, only {found}; save the state_dict of the network")]
    NoTensors {
        /// The content of the file instead.
        found: String,
    },
}
