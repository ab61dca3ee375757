//! Paths as text. A path need not be text, and may hold signs that break a line.

use std::path::Path;

/// One text for each path that is text, with bytes that are not written as `\xff`.
pub(crate) fn text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str("\\x");
            text.extend(hex_digits(*byte));
        }
    }
    text
}

/// For people: as [`text`], with line breaks and other control signs written as `\n` and
/// the like.
pub(crate) fn shown(path: &Path) -> String {
    let text = text(path);
    if !text.contains(char::is_control) {
        return text;
    }
    let sign = |sign: char| match sign {
        control if control.is_control() => control.escape_default().to_string(),
        other => other.to_string(),
    };
    text.chars().map(sign).collect()
}

/// The bytes of a path that is not text, as hexadecimal digits; `None` of one that is.
pub(crate) fn hex_unless_text(path: &Path) -> Option<String> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let hex = || bytes.iter().copied().flat_map(hex_digits).collect();
    std::str::from_utf8(bytes).is_err().then(hex)
}

fn hex_digits(byte: u8) -> impl Iterator<Item = char> {
    let digits = [byte >> 4, byte & 15];
    let digit = |four_bits: u8| char::from_digit(four_bits.into(), 16);
    digits.into_iter().filter_map(digit)
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn path(bytes: &[u8]) -> &Path {
        Path::new(OsStr::from_bytes(bytes))
    }

    #[test]
    fn text_stays_as_it_is() {
        for name in ["ä b\\c.png", "a\nb.png"] {
            assert_eq!(text(Path::new(name)), name);
            assert_eq!(hex_unless_text(Path::new(name)), None);
        }
    }

    #[test]
    fn other_bytes_are_told_apart() {
        assert_eq!(text(path(b"a\xff.png")), "a\\xff.png");
        assert_eq!(text(path(b"a\xfe.png")), "a\\xfe.png");
        assert_eq!(hex_unless_text(path(b"a\xff")).as_deref(), Some("61ff"));
    }

    #[test]
    fn a_row_stays_one_line() {
        let row = shown(path(b"a\nb\x1b[31m\t\xc2\x85\xff"));
        assert_eq!(row, "a\\nb\\u{1b}[31m\\t\\u{85}\\xff");
    }
}
