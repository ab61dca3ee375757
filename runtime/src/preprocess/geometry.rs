//! The mapping between pixels of the anomaly map and pixels of the original picture.

use super::Preprocessing;

/// A position in pixels: whole numbers are pixel centres, so the picture spans
/// −0.5 to width − 0.5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Columns from the centre of the first.
    pub x_px: f64,
    /// Rows from the centre of the first.
    pub y_px: f64,
}

/// A rectangle in the coordinates of [`Point`]; its edges lie between pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub left_px: f64,
    /// Upper edge.
    pub top_px: f64,
    /// Distance from left to right edge.
    pub width_px: f64,
    /// Distance from upper to lower edge.
    pub height_px: f64,
}

impl Rect {
    /// Whether a point lies inside; the left and upper edges count, the others do not.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        (0.0..self.width_px).contains(&(point.x_px - self.left_px))
            && (0.0..self.height_px).contains(&(point.y_px - self.top_px))
    }
}

/// The mapping between an anomaly map and the picture it was made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geometry {
    horizontal: Direction,
    vertical: Direction,
}

impl Geometry {
    pub(super) fn new(
        recipe: &Preprocessing,
        picture_width_px: u32,
        picture_height_px: u32,
    ) -> Self {
        let resized = recipe.resized(picture_width_px, picture_height_px);
        let (offset, input) = (recipe.crop_offset(resized), recipe.input_size());
        Self {
            horizontal: Direction {
                scale: f64::from(picture_width_px) / resized.width as f64,
                offset: offset.width as f64,
                length: input.width as f64,
            },
            vertical: Direction {
                scale: f64::from(picture_height_px) / resized.height as f64,
                offset: offset.height as f64,
                length: input.height as f64,
            },
        }
    }

    /// The position in the picture of a position in the map.
    #[must_use]
    pub fn picture_from_map(&self, map: Point) -> Point {
        Point {
            x_px: self.horizontal.picture_from_map(map.x_px),
            y_px: self.vertical.picture_from_map(map.y_px),
        }
    }

    /// The position in the map of a position in the picture. It lies outside the map where a
    /// centre crop has cut that part away.
    #[must_use]
    pub fn map_from_picture(&self, picture: Point) -> Point {
        Point {
            x_px: self.horizontal.map_from_picture(picture.x_px),
            y_px: self.vertical.map_from_picture(picture.y_px),
        }
    }

    /// The part of the picture that the map covers.
    #[must_use]
    pub fn inspected_rect(&self) -> Rect {
        Rect {
            left_px: self.horizontal.picture_from_map(-0.5),
            top_px: self.vertical.picture_from_map(-0.5),
            width_px: self.horizontal.length * self.horizontal.scale,
            height_px: self.vertical.length * self.vertical.scale,
        }
    }
}

/// One direction of the mapping.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Direction {
    /// Picture pixels in one map pixel.
    scale: f64,
    /// Resized pixels before the first one kept.
    offset: f64,
    /// Map pixels.
    length: f64,
}

impl Direction {
    /// The scale applies to distances from the edge, half a pixel from the first centre.
    fn picture_from_map(&self, position: f64) -> f64 {
        (position + self.offset + 0.5) * self.scale - 0.5
    }

    fn map_from_picture(&self, position: f64) -> f64 {
        (position + 0.5) / self.scale - 0.5 - self.offset
    }
}
