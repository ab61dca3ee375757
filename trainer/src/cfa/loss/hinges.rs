//! The loss and its derivatives by hand, patch by patch.

use super::hypersphere::{ALPHA, CfaLoss, NU};

/// The loss over some patches, as sums.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Hinges {
    /// Σ max(0, d²ₖ − r²) over the attracting entries.
    attraction: f64,
    /// Σ max(0, r² − d²ⱼ − α) over the repelling entries.
    repulsion: f64,
    /// Attracting pairs with a slope.
    attracted: u64,
    /// Repelling pairs with a slope.
    repelled: u64,
}

impl Hinges {
    fn count(&mut self, attracts: bool, open: f32) {
        if attracts {
            self.attraction += f64::from(open);
            self.attracted += 1;
        } else {
            self.repulsion += f64::from(open);
            self.repelled += 1;
        }
    }
}

impl std::ops::AddAssign for Hinges {
    fn add_assign(&mut self, other: Self) {
        self.attraction += other.attraction;
        self.repulsion += other.repulsion;
        self.attracted += other.attracted;
        self.repelled += other.repelled;
    }
}

/// A loss for patches of which there are `patches` in the whole batch.
#[derive(Debug, Clone, Copy)]
pub struct PatchLoss {
    neighbors: usize,
    used: usize,
    radius: f32,
    attraction_scale: f64,
    repulsion_scale: f64,
}

impl CfaLoss {
    /// The loss of a batch with so many patches (N·h·w) at a radius that may differ
    /// from `self.radius`.
    #[must_use]
    pub fn for_patches(&self, patches: usize, radius: f32) -> PatchLoss {
        let used = if self.repels_at(f64::from(radius)) {
            self.entries()
        } else {
            self.neighbors
        };
        let mean = |entries: usize| 1.0 / (NU * patches as f64 * entries.max(1) as f64);
        PatchLoss {
            neighbors: self.neighbors,
            used,
            radius,
            attraction_scale: mean(self.neighbors),
            repulsion_scale: mean(self.hard_negatives),
        }
    }
}

impl PatchLoss {
    /// Entries that the loss depends on: K, or K + J when some patch may be repelled.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.used
    }

    /// The loss of one patch, and ∂L/∂φ of it into `gradient`. `nearest` gives squared
    /// distance and entry of its [`entries`](Self::entries) nearest, nearest first.
    ///
    /// ∂L/∂φ = Σ 2(φ − cₖ) · scale over the pairs whose hinge is open, the repelling
    /// ones with the opposite sign.
    pub fn differentiate_patch<'a>(
        &self,
        phi: &[f32],
        nearest: impl Iterator<Item = (f32, &'a [f32])>,
        gradient: &mut [f32],
    ) -> Hinges {
        let mut hinges = Hinges::default();
        gradient.fill(0.0);
        for (rank, (distance, entry)) in nearest.enumerate() {
            let attracts = rank < self.neighbors;
            let open = self.hinge(attracts, distance);
            if open > 0.0 {
                hinges.count(attracts, open);
                let slope = self.slope(attracts);
                for (sum, (x, c)) in gradient.iter_mut().zip(phi.iter().zip(entry)) {
                    *sum += slope * (x - c);
                }
            }
        }
        hinges
    }

    /// max(0, ·) of a pair.
    fn hinge(&self, attracts: bool, distance: f32) -> f32 {
        let squared_radius = self.radius * self.radius;
        let value = if attracts {
            distance - squared_radius
        } else {
            squared_radius - ALPHA as f32 - distance
        };
        value.max(0.0)
    }

    /// The factor by which an open hinge multiplies φ − c.
    fn slope(&self, attracts: bool) -> f32 {
        if attracts {
            (2.0 * self.attraction_scale) as f32
        } else {
            (-2.0 * self.repulsion_scale) as f32
        }
    }

    /// 1/ν · (mean of the attraction + mean of the repulsion).
    #[must_use]
    pub fn value(&self, hinges: &Hinges) -> f64 {
        hinges.attraction * self.attraction_scale + hinges.repulsion * self.repulsion_scale
    }

    /// ∂L/∂r: each open attracting hinge falls by 2r, each open repelling one rises.
    #[must_use]
    pub fn radius_slope(&self, hinges: &Hinges) -> f64 {
        let attracted = hinges.attracted as f64 * self.attraction_scale;
        let repelled = hinges.repelled as f64 * self.repulsion_scale;
        2.0 * f64::from(self.radius) * (repelled - attracted)
    }
}
