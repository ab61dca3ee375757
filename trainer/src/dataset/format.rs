//! Pictures that people expect to be used, but whose format is not read.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Endings of pictures whose format is not read, in lower case.
const OTHER_ENDINGS: [&str; 33] = [
    "arw", "avif", "bgf", "bpg", "cr2", "cr3", "dcm", "dds", "dng", "exr", "gif", "hdr", "heic",
    "heif", "ico", "j2k", "jp2", "jpf", "jpx", "jxl", "jxr", "mpo", "nef", "orf", "pbm", "pcx",
    "pgm", "pnm", "ppm", "psd", "raf", "raw", "tga",
];
/// Longest beginning that tells a format.
const BEGINNING_BYTES: u64 = 32;

/// Whether a file without a known picture ending is a picture all the same: by its
/// ending, or by its first bytes if it has an ending that says nothing.
pub(super) fn is_picture_of_another_format(path: &Path) -> bool {
    match path.extension().and_then(OsStr::to_str) {
        Some(ending) if is_known(ending) => true,
        _ => begins_as_picture(path),
    }
}

fn is_known(ending: &str) -> bool {
    let mut known = OTHER_ENDINGS.iter();
    known.any(|known| ending.eq_ignore_ascii_case(known))
}

/// A file that cannot be read is not known to be a picture.
fn begins_as_picture(path: &Path) -> bool {
    let mut beginning = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(BEGINNING_BYTES).read_to_end(&mut beginning));
    read.is_ok() && image::guess_format(&beginning).is_ok()
}
