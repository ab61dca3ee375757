use cfa_runtime::BrokenInvariant;
use thiserror::Error;

/// Scores from which no figure can be computed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum MetricsError {
    /// A score is not a number.
    #[error("score {index} is NaN; the model gave no usable score there")]
    NotANumber {
        /// Its place among the scores of this call.
        index: usize,
    },
    /// One label a score is needed.
    #[error("{scores} scores came with {labels} labels; give one label a score")]
    Lengths {
        /// Number of scores.
        scores: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A map and its mask differ in shape.
    #[error(
        "a map of {map:?} pixels came with a mask of {mask:?} (rows, columns); resize the mask"
    )]
    Shapes {
        /// Rows and columns of the map.
        map: (usize, usize),
        /// Rows and columns of the mask.
        mask: (usize, usize),
    },
    /// More than 2³² − 1 separate regions.
    #[error(
        "there are more regions than can be numbered (2³² − 1); evaluate fewer pictures at a time"
    )]
    TooManyRegions,
    /// A bug of this program.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
}
