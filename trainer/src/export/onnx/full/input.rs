//! The size of the pictures that an exported file takes.

use cfa_runtime::preprocess::Size;

/// Size of the pictures that the file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FullInput {
    /// Any; the resize's weights are computed in the graph.
    #[default]
    Any,
    /// One only; they are constants, and every shape but the batch is known.
    Fixed(Size),
}
