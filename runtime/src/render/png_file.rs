//! Pictures of a map as PNG files.

use image::RgbImage;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

use crate::picture::SAVED_RESULT_MARK;

/// A picture that the PNG encoder refused.
#[derive(Debug, thiserror::Error)]
#[error("the picture could not be encoded as PNG")]
pub struct PngError(#[from] EncodingError);

/// A PNG file of a heat map or overlay, 8 bits a sample; see [`is_saved_result`](crate::picture::is_saved_result).
pub fn png_bytes(picture: &RgbImage) -> Result<Vec<u8>, PngError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, picture.width(), picture.height());
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Adaptive);
    encoder.add_text_chunk("Software".to_owned(), SAVED_RESULT_MARK.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(picture.as_raw())?;
    writer.finish()?;
    Ok(file)
}
