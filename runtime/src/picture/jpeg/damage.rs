//! The damage of a JPEG file, in plain words.

use super::structure::Structure;

/// Warnings of libjpeg after which it returns a picture that may be partly invented, and their
/// meanings. Any other message of libjpeg ends the decoding.
const WARNINGS: [(&str, &str); 8] = [
    (
        "premature end of data segment",
        "some of its coded data are missing",
    ),
    (
        "extraneous bytes before marker",
        "it holds bytes that belong to no part of the picture",
    ),
    (
        "instead of RST",
        "a part of its coded data is lost between two restart markers",
    ),
    ("bad Huffman code", "its coded data are garbled"),
    ("bad arithmetic code", "its coded data are garbled"),
    (
        "Premature end of JPEG file",
        "the file ends before the picture does",
    ),
    (
        "Inconsistent progression sequence",
        "its scans do not follow each other",
    ),
    ("Invalid SOS parameters", "the header of a scan is garbled"),
];

pub(super) fn is_warning(said: &str) -> bool {
    meaning(said).is_some()
}

fn meaning(said: &str) -> Option<&'static str> {
    let known = WARNINGS.iter().find(|(part, _)| said.contains(part));
    known.map(|&(_, meaning)| meaning)
}

/// The damage: a warning of libjpeg, or else damage that libjpeg does not notice.
pub(super) fn of_file(structure: &Structure<'_>, warning: Option<String>) -> Option<String> {
    if let Some(said) = warning {
        let meaning = match meaning(&said) {
            _ if !structure.has_end() => "its file ends before the picture does",
            Some(meaning) => meaning,
            None => "it is damaged",
        };
        return Some(format!("{meaning} (libjpeg: {said})"));
    }
    if !structure.is_complete() {
        return Some("some of its scans are missing".to_owned());
    }
    let (bytes, marker) = structure.stray?;
    Some(format!(
        "{bytes} bytes before marker 0x{marker:02x} belong to no part of the picture"
    ))
}
