//! The constants of the loss, and on which entries it depends.

/// ν: the loss is multiplied by 1/ν.
pub(super) const NU: f64 = 1e-3;
/// α: margin of the repulsion.
pub(super) const ALPHA: f64 = 0.1;

/// Attraction of each patch to its K nearest memory bank entries, repulsion from
/// the J that follow:
///
/// L = 1/ν · (mean max(0, d²ₖ − r²) over k ≤ K + mean max(0, r² − d²ⱼ − α) over K < j ≤ K+J)
///
/// The reference starts the repulsion at index J instead of K (the same for its
/// default K = J); this follows the method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CfaLoss {
    /// K ≥ 1.
    pub neighbors: usize,
    /// J.
    pub hard_negatives: usize,
    /// r: radius of the hyperspheres, in units of φ.
    pub radius: f64,
}

impl CfaLoss {
    /// Number of bank entries that the loss looks at: K + J.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.neighbors.saturating_add(self.hard_negatives)
    }

    /// Whether any patch can be repelled: r² − d² − α is negative for every d
    /// when r² ≤ α, as with the default radius. Then J has no effect at all.
    #[must_use]
    pub fn can_repel(&self) -> bool {
        self.repels_at(self.radius)
    }

    pub(super) fn repels_at(&self, radius: f64) -> bool {
        self.hard_negatives > 0 && radius * radius > ALPHA
    }
}
