//! JPEG files, decoded by libjpeg-turbo to the pixels that Pillow and `OpenCV` show.
//!
//! After damage, libjpeg warns and continues with invented pixels. Here a warning is an error,
//! unless [`DamageRule::Accept`](super::DamageRule) asks for the picture.

mod colour;
mod damage;
mod frame;
mod marker;
mod pixels;
mod scans;
mod structure;
#[cfg(test)]
mod tests;

use super::{Picture, PictureProblem, ReadOptions, Samples};
use structure::Structure;

pub(super) fn decode(encoded: &[u8], options: &ReadOptions) -> Result<Picture, PictureProblem> {
    let structure = Structure::read(encoded)?;
    let frame = &structure.frame;
    let (width_px, height_px) = (frame.width_px, frame.height_px);
    options.limits.check_size(width_px, height_px)?;
    let (samples, found) = pixels::decode(&structure.plain_file()?, frame)?;
    let damage = damage::of_file(&structure, found);
    let picture = Picture::new(width_px, height_px, Samples::Eight(samples))?;
    options.damage.judge(picture, damage)
}
