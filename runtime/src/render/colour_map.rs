//! From a share to a colour.

use image::Rgb;

/// Coefficients of red, green and blue for t⁰ to t⁶: a least-squares polynomial,
/// published by Matt Zucker into the public domain, of the perceptually uniform
/// colour map "inferno" by Stéfan van der Walt and Nathaniel Smith.
const INFERNO: [[f32; 3]; 7] = [
    [0.000_219, 0.001_651, -0.019_481],
    [0.106_51, 0.563_96, 3.932_71],
    [11.602_49, -3.972_85, -15.942_39],
    [-41.704, 17.436_4, 44.354_15],
    [77.162_94, -33.402_36, -81.807_31],
    [-71.319_43, 32.626_06, 73.209_52],
    [25.131_13, -12.242_67, -23.070_33],
];

/// Black (0) over violet, red and orange to pale yellow (1), ever brighter.
///
/// Shares outside 0..1 take the end colours, NaN the first.
#[must_use]
pub fn inferno(share: f32) -> Rgb<u8> {
    let t = if share.is_nan() {
        0.0
    } else {
        share.clamp(0.0, 1.0)
    };
    let channel = |i: usize| {
        let value = INFERNO
            .iter()
            .rev()
            .fold(0.0, |sum, coefficients| sum * t + coefficients[i]);
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    };
    Rgb(std::array::from_fn(channel))
}
