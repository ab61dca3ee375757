//! `PackBits`, a run-length code of bytes (TIFF 6.0, section 9).

/// The first `length` bytes, or fewer if the data end before.
pub(super) fn unpacked(packed: &[u8], length: usize) -> Vec<u8> {
    let mut unpacked = Vec::with_capacity(length);
    let mut rest = packed;
    while unpacked.len() < length {
        let room = length - unpacked.len();
        match rest {
            [count @ 0..=127, after @ ..] if after.len() > usize::from(*count) => {
                let (literal, behind) = after.split_at(usize::from(*count) + 1);
                unpacked.extend(literal.iter().take(room));
                rest = behind;
            }
            [128, after @ ..] => rest = after,
            [count @ 129..=255, value, after @ ..] => {
                let repeats = 257 - usize::from(*count);
                unpacked.extend(std::iter::repeat_n(*value, repeats.min(room)));
                rest = after;
            }
            _ => break,
        }
    }
    unpacked
}
