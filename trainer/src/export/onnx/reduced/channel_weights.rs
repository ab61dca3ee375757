//! A convolution's weight as 8-bit integers, and its bias.

/// Largest integer of a weight; symmetric, so 0 stays 0.
const LARGEST: f32 = 127.0;
/// Largest integer of a bias, half of what 32 bits hold: sums are added to it.
const LARGEST_BIAS: f32 = 1_073_741_824.0;

/// A weight (out, in / groups, kernel, kernel) as `scale`\[out\]·q, and its bias.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelWeights {
    /// −127…127, in the weight's order.
    pub values: Vec<i8>,
    /// One for each output channel, finite and above 0.
    pub scales: Vec<f32>,
    /// One for each output channel, in units of `scale`·(scale of the input).
    pub bias: Vec<i32>,
    /// The units of `bias`.
    pub bias_scales: Vec<f32>,
}

/// A convolution with the values that it reads.
pub(super) struct Layer<'a> {
    /// The weight, output channels slowest, finite.
    pub(super) weight: &'a [f32],
    /// One for each output channel, finite.
    pub(super) bias: &'a [f32],
    /// Weights of an output channel that belong to one input channel.
    pub(super) kernel: usize,
    /// Number of channel groups, at least 1.
    pub(super) groups: usize,
    /// Mean of each input channel over the observed pictures.
    pub(super) input_means: &'a [f64],
    /// Scale of the input's integers.
    pub(super) input_scale: f32,
}

impl ChannelWeights {
    /// Rounds to the nearest; the bias takes back what that adds to the mean of each output
    /// channel, as long as the input has the means observed (Nagel et al., "Data-Free
    /// Quantization Through Weight Equalization and Bias Correction", 2019, section 4.2).
    pub(super) fn quantised(layer: &Layer<'_>) -> Self {
        let outputs = layer.bias.len();
        let mut quantised = Self {
            values: Vec::with_capacity(layer.weight.len()),
            scales: Vec::with_capacity(outputs),
            bias: Vec::with_capacity(outputs),
            bias_scales: Vec::with_capacity(outputs),
        };
        let row = layer.weight.len() / outputs.max(1);
        let rows = layer.weight.chunks_exact(row.max(1));
        for (output, (weight, &bias)) in rows.zip(layer.bias).enumerate() {
            quantised.push(layer, output, weight, bias);
        }
        quantised
    }

    fn push(&mut self, layer: &Layer<'_>, output: usize, weight: &[f32], bias: f32) {
        let scale = scale(weight, bias, layer.input_scale);
        let rounded = |w: f32| (w / scale).round_ties_even().clamp(-LARGEST, LARGEST) as i8;
        let values: Vec<i8> = weight.iter().map(|&w| rounded(w)).collect();
        let errors = weight.iter().zip(&values);
        let errors = errors.map(|(&w, &q)| f64::from(scale) * f64::from(q) - f64::from(w));
        let means = layer.means_of(output, weight.len());
        let shift: f64 = errors.enumerate().map(|(i, e)| e * means(i)).sum();
        let unit = scale * layer.input_scale;
        self.bias
            .push(((f64::from(bias) - shift) / f64::from(unit)).round_ties_even() as i32);
        self.bias_scales.push(unit);
        self.values.extend(values);
        self.scales.push(scale);
    }
}

impl Layer<'_> {
    /// The mean of the input channel that weight `i` of an output channel reads.
    fn means_of(&self, output: usize, row: usize) -> impl Fn(usize) -> f64 {
        let inputs = row / self.kernel.max(1);
        let outputs_of_group = (self.bias.len() / self.groups.max(1)).max(1);
        let first = output / outputs_of_group * inputs;
        move |i| {
            let mean = self.input_means.get(first + i / self.kernel.max(1));
            mean.copied().unwrap_or(0.0)
        }
    }
}

/// The largest weight becomes 127; where the bias would then not fit into its integer, a
/// larger step is taken, in which the weights no longer matter beside the bias. A channel
/// of zeros gets 1.
fn scale(weight: &[f32], bias: f32, input_scale: f32) -> f32 {
    let largest = weight.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
    let needed = (largest / LARGEST).max(bias.abs() / LARGEST_BIAS / input_scale);
    // Beside a step that is no normal number, products lose their last bits.
    let usable = needed >= f32::MIN_POSITIVE && needed * input_scale >= f32::MIN_POSITIVE;
    if usable { needed } else { 1.0 }
}
