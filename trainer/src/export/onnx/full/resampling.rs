//! Resizing as matrices: it is linear and treats rows and columns alike, so a picture X
//! becomes A·X·Bᵀ.

/// One direction of a resize: which of its `outputs` are kept, from `input` samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    /// Samples after the whole resize.
    pub(super) outputs: usize,
    /// First one kept by the crop.
    pub(super) offset: usize,
    /// How many are kept.
    pub(super) kept: usize,
}

impl Axis {
    /// Twice the position of each kept sample's centre, in output samples.
    pub(super) fn doubled_centres(self) -> Vec<usize> {
        let kept = self.offset..self.offset + self.kept;
        kept.map(|o| 2 * o + 1).collect()
    }

    /// Weights `kept × input`, row-major: a triangle as wide as the larger of an input
    /// and an output sample, each row summing to 1 (the antialiased bilinear resize).
    ///
    /// With distances counted in `1 / (2·outputs)` input samples everything up to the
    /// division is whole numbers, here as in the graph.
    pub(super) fn weights(self, input: usize) -> Vec<f32> {
        let reach = (2 * input.max(self.outputs)) as f64;
        let row = |centre: usize| {
            let weight = move |i: usize| {
                let distance = ((2 * i + 1) * self.outputs).abs_diff(centre * input);
                (1.0 - distance as f64 / reach).max(0.0)
            };
            let sum: f64 = (0..input).map(weight).sum();
            (0..input).map(move |i| (weight(i) / sum) as f32)
        };
        self.doubled_centres().into_iter().flat_map(row).collect()
    }
}

/// The transpose of a row-major `rows × columns` matrix.
pub(super) fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let column = |c: usize| values.iter().skip(c).step_by(columns).copied();
    (0..columns).flat_map(column).collect()
}
