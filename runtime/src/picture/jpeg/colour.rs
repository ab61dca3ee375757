//! Colours of JPEG files with four components.

/// RGB from CMYK as Adobe's programs store it in JPEG files: 255 is no ink. No colour profile
/// is applied; these are the values of Pillow's `convert("RGB")`.
pub(super) fn rgb_from_inverted_cmyk(samples: &[u8]) -> Vec<u8> {
    let (pixels, _) = samples.as_chunks::<4>();
    let mut rgb = vec![0; 3 * pixels.len()];
    let (out, _) = rgb.as_chunks_mut::<3>();
    for (out, &[cyan, magenta, yellow, white]) in out.iter_mut().zip(pixels) {
        *out = [cyan, magenta, yellow].map(|light| white - product(255 - light, white));
    }
    rgb
}

/// `a · b / 255`, rounded to the nearest; at most the smaller of the two.
fn product(a: u8, b: u8) -> u8 {
    let scaled = u32::from(a) * u32::from(b) + 128;
    ((scaled + (scaled >> 8)) >> 8) as u8
}
