//! Value noise: random numbers on a grid, smoothly interpolated.

/// A number in 0..1 that looks random and is the same for the same cell.
fn lattice(x: i32, y: i32, seed: u32) -> f32 {
    let mut hash =
        (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77) ^ seed;
    for (shift, factor) in [(16, 0x7FEB_352D_u32), (15, 0x846C_A68B)] {
        hash = (hash ^ (hash >> shift)).wrapping_mul(factor);
    }
    ((hash ^ (hash >> 16)) >> 8) as f32 / (1 << 24) as f32
}

/// Noise in -1..1 with features about one unit wide.
pub(super) fn noise(x: f32, y: f32, seed: u32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let (u, v) = (smooth(x - column), smooth(y - row));
    let (column, row) = (column as i32, row as i32);
    let corner =
        |right: i32, down: i32| lattice(column.wrapping_add(right), row.wrapping_add(down), seed);
    let upper = mix(corner(0, 0), corner(1, 0), u);
    let lower = mix(corner(0, 1), corner(1, 1), u);
    2.0 * mix(upper, lower, v) - 1.0
}

/// Three octaves of [`noise`], each half as wide and half as strong.
pub(super) fn rough_noise(x: f32, y: f32, seed: u32) -> f32 {
    let octave = |scale: f32, salt: u32| noise(x * scale, y * scale, seed ^ salt) / scale;
    (octave(1.0, 0) + octave(2.0, 0x51) + octave(4.0, 0xA7)) / 1.75
}

pub(super) fn mix(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

/// 1 well below `edge`, 0 well above, with a soft step `width` wide.
pub(super) fn below(value: f32, edge: f32, width: f32) -> f32 {
    smooth(((edge - value) / width + 0.5).clamp(0.0, 1.0))
}

fn smooth(x: f32) -> f32 {
    x * x * (3.0 - 2.0 * x)
}
