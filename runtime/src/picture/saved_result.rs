//! The mark of saved results, which keeps results from being inspected as pictures.

/// Text in saved maps and pictures, as the name of the software. No picture of a part holds it
/// by chance.
pub(crate) const SAVED_RESULT_MARK: &str = "cfa_runtime;saved-result;";

/// The mark lies near the beginning of a PNG and near the beginning or end of a TIFF.
const SEARCHED_BYTES: usize = 1024;

/// Whether a file is a heat map, an overlay or an anomaly map that [`png_bytes`] or
/// [`tiff_bytes`] made, by its content. The first and the last 1024 bytes are enough.
///
/// [`Picture::open`](super::Picture::open) refuses such files.
///
/// [`png_bytes`]: crate::render::png_bytes
/// [`tiff_bytes`]: crate::render::tiff_bytes
#[must_use]
pub fn is_saved_result(content: &[u8]) -> bool {
    let bytes = content.len();
    let first = &content[..bytes.min(SEARCHED_BYTES)];
    let last = &content[bytes.saturating_sub(SEARCHED_BYTES)..];
    holds_mark(first) || holds_mark(last)
}

fn holds_mark(part: &[u8]) -> bool {
    part.windows(SAVED_RESULT_MARK.len())
        .any(|window| window == SAVED_RESULT_MARK.as_bytes())
}
