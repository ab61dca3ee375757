//! Pictures of an anomaly map for people, and its raw values for programs.

mod colour_map;
mod png_file;
mod raw_values;
#[cfg(test)]
mod tests;
mod upscale;

use std::num::NonZeroU16;

use image::{Rgb, RgbImage};
use ndarray::Array2;

pub use colour_map::inferno;
pub use png_file::{PngError, png_bytes};
pub use raw_values::{TiffError, tiff_bytes};

use crate::anomaly_map::AnomalyMap;
use crate::container::HeatmapRange;
use crate::inspector::Inspection;
use crate::picture::Picture;
use upscale::Upscale;

/// Shown in the heat map where a centre crop left the picture uninspected.
const UNINSPECTED: Rgb<u8> = Rgb([128, 128, 128]);

/// Highest opacity of the heat map in an overlay.
const LARGEST_OPACITY: f32 = 0.5;

/// The map in colours, in the size of the original picture.
///
/// Values from `range.low` to `range.high` run through [`inferno`], values beyond
/// take its end colours; the map is scaled up bilinearly. Gray where the picture
/// was not inspected.
#[must_use]
pub fn heatmap(inspection: &Inspection, range: HeatmapRange) -> RgbImage {
    let size = inspection.picture_size;
    let levels = Upscale::new(inspection);
    RgbImage::from_fn(size.width_px, size.height_px, |x, y| {
        colour(levels.at(x, y), range)
    })
}

/// The original picture with the heat map over it.
///
/// The opacity grows with the value, from nothing at `range.low` to half at `range.high`.
/// Parts that were not inspected stay unchanged. `picture` is the inspected picture; where
/// its size differs, only the common area is drawn on.
#[must_use]
pub fn overlay(picture: &Picture, inspection: &Inspection, range: HeatmapRange) -> RgbImage {
    let levels = Upscale::new(inspection);
    let white = inspection.white_level.map_or(u16::MAX, NonZeroU16::get);
    let mut blended = picture.to_rgb8_below(white);
    for (x, y, pixel) in blended.enumerate_pixels_mut() {
        if let Some(value) = levels.at(x, y) {
            let share = share(value, range);
            *pixel = mix(*pixel, inferno(share), LARGEST_OPACITY * share);
        }
    }
    blended
}

/// The map in the size of the original picture, scaled up bilinearly.
///
/// Where a centre crop left the picture uninspected, it holds the map's smallest value.
/// Samples between map pixels may miss the map's maximum by a little.
#[must_use]
pub fn map_in_picture(inspection: &Inspection) -> AnomalyMap {
    let size = inspection.picture_size;
    let (levels, lowest) = (Upscale::new(inspection), inspection.map.min());
    let shape = (size.height_px as usize, size.width_px as usize);
    let at = |(row, column)| levels.at(column as u32, row as u32).unwrap_or(lowest);
    AnomalyMap {
        values: Array2::from_shape_fn(shape, at),
    }
}

/// The map at every pixel of the original picture, row by row: scaled up bilinearly,
/// `None` where the picture was not inspected.
pub fn values_in_picture(inspection: &Inspection) -> impl Iterator<Item = Option<f32>> {
    let size = inspection.picture_size;
    let levels = Upscale::new(inspection);
    let pixels = (0..size.height_px).flat_map(move |y| (0..size.width_px).map(move |x| (x, y)));
    pixels.map(move |(x, y)| levels.at(x, y))
}

/// The colour of one value of an anomaly map. `None` and NaN get the gray of parts that were
/// not inspected.
#[must_use]
pub fn colour(value: Option<f32>, range: HeatmapRange) -> Rgb<u8> {
    value
        .filter(|value| !value.is_nan())
        .map_or(UNINSPECTED, |value| inferno(share(value, range)))
}

/// The position of a value in the range, 0 to 1.
fn share(value: f32, range: HeatmapRange) -> f32 {
    ((value - range.low) / (range.high - range.low)).clamp(0.0, 1.0)
}

fn mix(below: Rgb<u8>, above: Rgb<u8>, opacity: f32) -> Rgb<u8> {
    let channel = |i: usize| {
        let (below, above) = (f32::from(below.0[i]), f32::from(above.0[i]));
        (below + opacity * (above - below)).round() as u8
    };
    Rgb(std::array::from_fn(channel))
}
