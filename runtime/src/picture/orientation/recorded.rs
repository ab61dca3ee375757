//! The orientation that a file records.

use exif::{In, Reader, Tag, Value};
use image::ImageFormat;
use image::metadata::Orientation;

use super::chunks;
use crate::picture::tiff;

/// `NoTransforms` where no orientation is recorded, or none that can be read: a value other than
/// 1 to 8, a place outside the file, or several records that contradict each other.
pub(in crate::picture) fn recorded(encoded: &[u8], format: ImageFormat) -> Orientation {
    let found = match format {
        ImageFormat::Jpeg => in_exif(&chunks::of_jpeg(encoded)),
        ImageFormat::Png => in_exif(&chunks::of_png(encoded)),
        ImageFormat::WebP => in_exif(&chunks::of_webp(encoded)),
        ImageFormat::Tiff => Some(tiff::orientation(encoded)),
        _ => None,
    };
    found
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms)
}

/// The value, if all data agree on it.
fn in_exif(all: &[&[u8]]) -> Option<u8> {
    let mut values = all.iter().flat_map(|data| values(data));
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)?
}

/// Every orientation of the picture itself, not of its thumbnail; `None` for one that is no
/// number of a byte.
fn values(data: &[u8]) -> Vec<Option<u8>> {
    let read = Reader::new()
        .continue_on_error(true)
        .read_raw(data.to_vec());
    // Damage elsewhere in the data does not affect the fields that could be read.
    let Ok(exif) = read.or_else(|error| error.distill_partial_result(|_errors| ())) else {
        return Vec::new();
    };
    let fields = exif.fields();
    let fields = fields.filter(|field| (field.tag, field.ifd_num) == (Tag::Orientation, In(0)));
    fields.map(|field| number(&field.value)).collect()
}

fn number(value: &Value) -> Option<u8> {
    value
        .get_uint(0)
        .and_then(|number| u8::try_from(number).ok())
}
