//! One tensor of activations as 8-bit integers.

/// Steps of an 8-bit integer.
const STEPS: f32 = 255.0;
/// Ranges below this are none at all; far smaller numbers have no exact reciprocal.
const SMALLEST_RANGE: f32 = 1e-20;
/// The real number `scale`·(q − `zero_point`) for each q in 0…255. 0 is always among
/// them, because convolutions are padded with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine {
    /// A step, finite and above 0.
    pub scale: f32,
    /// Stands for 0.
    pub zero_point: u8,
}

impl Affine {
    /// Covers `low` to `high`, and 0. Nothing of the range is clipped to make the rest
    /// finer: rare large values are what distances are made of. A range without width, such as that of a value which
    /// is always 0, gets the scale 1.
    #[must_use]
    pub fn covering(low: f32, high: f32) -> Self {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let width = high / STEPS - low / STEPS;
        if width * STEPS < SMALLEST_RANGE {
            return Self {
                scale: 1.0,
                zero_point: 0,
            };
        }
        Self {
            scale: width,
            zero_point: (-low / width).round_ties_even() as u8,
        }
    }

    /// The nearest of the 256 numbers, as the integer and as itself; ONNX's rule.
    #[must_use]
    pub fn nearest(self, value: f32) -> (u8, f32) {
        let zero = f32::from(self.zero_point);
        let step = ((value / self.scale).round_ties_even() + zero).clamp(0.0, STEPS);
        (step as u8, (step - zero) * self.scale)
    }
}
