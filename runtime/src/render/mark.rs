//! The mark of saved results, by which no result is ever inspected as if it were a picture.

/// Where marks begin; no picture of a part holds this text by chance.
const BEGINNING: &[u8] = b"cfa-result;run=";

/// The mark lies near the beginning of a PNG and near the end of a TIFF.
const SEARCHED_BYTES: usize = 1024;

/// What a saved map or picture says of itself, as the software that made it.
///
/// Pictures that carry any mark are refused by [`Picture::open`](crate::Picture::open).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResultMark {
    run: String,
}

impl ResultMark {
    /// With a name for the run of the program that saves it, so that the program knows its
    /// own files; a name without `;` and in ASCII.
    #[must_use]
    pub fn of_run(run: impl Into<String>) -> Self {
        Self { run: run.into() }
    }

    /// Whether the content of a file carries this very mark. The first and the last 1024
    /// bytes are enough.
    #[must_use]
    pub fn is_in(&self, content: &[u8]) -> bool {
        contains(content, self.text().as_bytes())
    }

    pub(super) fn text(&self) -> String {
        format!("{}{};", String::from_utf8_lossy(BEGINNING), self.run)
    }
}

/// Whether the content of a file carries the mark of a saved result, of whichever run. The
/// first and the last 1024 bytes are enough.
#[must_use]
pub fn is_result_file(content: &[u8]) -> bool {
    contains(content, BEGINNING)
}

fn contains(content: &[u8], text: &[u8]) -> bool {
    let bytes = content.len();
    let first = &content[..bytes.min(SEARCHED_BYTES)];
    let last = &content[bytes.saturating_sub(SEARCHED_BYTES)..];
    let found = |part: &[u8]| part.windows(text.len()).any(|window| window == text);
    found(first) || found(last)
}
