//! Why a network cannot be written in another number format.

/// Why a network cannot be written in another format.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReduceError {
    /// The network is not one that this project wrote.
    #[error(
        "the bundle's network cannot be rewritten: {what}; export the model again with cfa-train"
    )]
    Network {
        /// What is wrong.
        what: String,
    },
    /// A value that no range can hold.
    #[error(
        "{value} holds {found}; a network whose values or weights are no finite numbers cannot be rewritten, train it again"
    )]
    NotFinite {
        /// Name of the value or weight in the network.
        value: String,
        /// What was found.
        found: f32,
    },
    /// A weight that 16-bit floating point does not reach.
    #[error(
        "{weight} holds {found}, but fp16 ends at 65504; use int8, or keep the bundle as it is"
    )]
    BeyondFp16 {
        /// Name of the weight.
        weight: String,
        /// What was found.
        found: f32,
    },
    /// A value of the network was not observed.
    #[error("no range is known for {value}; this is a mistake in cfa-train, please report it")]
    Unobserved {
        /// Name of the value.
        value: String,
    },
}

/// The network is not laid out as this project writes networks.
pub(super) fn odd(what: &str) -> ReduceError {
    ReduceError::Network {
        what: what.to_owned(),
    }
}
