//! Scores as whole numbers of the same order, which sort fast and compare exactly.

/// The sign bit of an `f32`.
const SIGN: u32 = 1 << 31;

/// A number that is larger exactly when the score is; both zeros give the same.
///
/// For every score but NaN.
pub(super) fn from_score(score: f32) -> u32 {
    // −0 + 0 = +0, and nothing else changes.
    let bits = (score + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The score that [`from_score`] made the number from.
pub(super) fn to_score(key: u32) -> f32 {
    f32::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
}
