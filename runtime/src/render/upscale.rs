//! The anomaly map read at the pixels of the original picture.

use ndarray::ArrayView2;

use crate::inspector::Inspection;
use crate::preprocess::Point;

/// Bilinear values of the map, edge values repeated for the half pixel around it.
#[derive(Debug)]
pub(super) struct Upscale<'a> {
    map: ArrayView2<'a, f32>,
    columns: Vec<Option<Neighbors>>,
    rows: Vec<Option<Neighbors>>,
}

/// Two neighbouring samples of the map and how much of the second.
#[derive(Debug, Clone, Copy)]
struct Neighbors {
    low: usize,
    high: usize,
    share_of_high: f32,
}

impl<'a> Upscale<'a> {
    pub(super) fn new(inspection: &'a Inspection) -> Self {
        let (height, width) = inspection.map.values.dim();
        let (size, geometry) = (inspection.picture_size, &inspection.geometry);
        let in_map = |x: u32, y: u32| {
            geometry.map_from_picture(Point {
                x_px: f64::from(x),
                y_px: f64::from(y),
            })
        };
        Self {
            map: inspection.map.values.view(),
            columns: (0..size.width_px)
                .map(|x| Neighbors::new(in_map(x, 0).x_px, width))
                .collect(),
            rows: (0..size.height_px)
                .map(|y| Neighbors::new(in_map(0, y).y_px, height))
                .collect(),
        }
    }

    /// The value at a pixel of the picture; `None` where it was not inspected.
    pub(super) fn at(&self, x: u32, y: u32) -> Option<f32> {
        let column = (*self.columns.get(x as usize)?)?;
        let row = (*self.rows.get(y as usize)?)?;
        let along = |y: usize| column.mix(self.map[[y, column.low]], self.map[[y, column.high]]);
        Some(row.mix(along(row.low), along(row.high)))
    }
}

impl Neighbors {
    /// At a position between the centres 0 to `length − 1`; `None` outside the map.
    fn new(position: f64, length: usize) -> Option<Self> {
        let last = length.checked_sub(1)?;
        if position < -0.5 || position > last as f64 + 0.5 {
            return None;
        }
        let inside = position.clamp(0.0, last as f64);
        let low = inside as usize;
        Some(Self {
            low,
            high: (low + 1).min(last),
            share_of_high: (inside - low as f64) as f32,
        })
    }

    fn mix(self, low: f32, high: f32) -> f32 {
        low + self.share_of_high * (high - low)
    }
}
