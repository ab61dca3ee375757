//! The raw map as a TIFF file, for programs that read floating-point pictures.

use std::io::Cursor;

use tiff::encoder::{TiffEncoder, colortype::Gray32Float};
use tiff::tags::Tag;

use crate::anomaly_map::AnomalyMap;
use crate::picture::SAVED_RESULT_MARK;

/// A map that the TIFF encoder refused.
#[derive(Debug, thiserror::Error)]
#[error("the anomaly map could not be encoded as TIFF")]
pub struct TiffError(#[from] tiff::TiffError);

/// A TIFF file of one 32-bit floating-point gray picture: the map's own size and
/// raw values, bit for bit; see [`is_saved_result`](crate::picture::is_saved_result).
pub fn tiff_bytes(map: &AnomalyMap) -> Result<Vec<u8>, TiffError> {
    let (height, width) = map.values.dim();
    let values: Vec<f32> = map.values.iter().copied().collect();
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file)?;
    let mut image = encoder.new_image::<Gray32Float>(width as u32, height as u32)?;
    image
        .encoder()
        .write_tag(Tag::Software, SAVED_RESULT_MARK)?;
    image.write_data(&values)?;
    Ok(file.into_inner())
}
