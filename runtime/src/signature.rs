//! Names and shapes of what goes into a network and comes out of it.

/// Name of a network's input: normalised pictures, batch×3×H×W.
pub const INPUT: &str = "input";
/// Name of the anomaly maps: batch×H×W.
pub const MAP: &str = "anomaly_map";
/// Name of the image scores, where a file gives them: batch.
pub const SCORE: &str = "pred_score";

/// Name of the network's output for a level, the finest being number 0: `level1`.
#[must_use]
pub fn level_name(number: usize) -> String {
    format!("level{}", number + 1)
}

/// An output of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOutput {
    /// Its name.
    pub name: String,
    /// Its shape without the batch.
    pub shape: [usize; 3],
}
