//! Outlines of the defects.

use std::f32::consts::{PI, TAU};

use rand::{Rng, RngExt};

use super::{
    scene::{EDGE_PX, INNER_PX, OUTER_PX, Point},
    texture::{below, mix, rough_noise},
};

/// A sliver that stands out over the outer edge or into the hole.
#[derive(Debug)]
pub(super) struct Spur {
    angle: f32,
    half_width: f32,
    height_px: f32,
    outwards: bool,
    seed: u32,
}

impl Spur {
    pub(super) fn new(angle: f32, rng: &mut impl Rng) -> Self {
        let outwards = rng.random_range(0.0..1.0) < 0.6_f32;
        let length_px = rng.random_range(13.0..20.0);
        Self {
            angle,
            half_width: length_px / if outwards { OUTER_PX } else { INNER_PX },
            height_px: rng.random_range(8.0..11.0),
            outwards,
            seed: rng.random(),
        }
    }

    pub(super) fn coverage(&self, at: Point) -> f32 {
        let along = turned_between(at.angle() - self.angle) / self.half_width;
        let ragged = 0.75 + 0.4 * rough_noise(along * 3.0, 0.5, self.seed);
        let height_px = self.height_px * (1.0 - along * along).max(0.0) * ragged;
        let radius = at.radius();
        let beyond_px = if self.outwards {
            radius - OUTER_PX
        } else {
            INNER_PX - radius
        };
        if beyond_px < -2.0 * EDGE_PX {
            return 0.0;
        }
        below(beyond_px, height_px - EDGE_PX, EDGE_PX)
    }
}

/// A broken-out notch at the outer or the inner edge.
#[derive(Debug)]
pub(super) struct Bite {
    middle: Point,
    radius_px: f32,
    seed: u32,
}

impl Bite {
    pub(super) fn new(angle: f32, rng: &mut impl Rng) -> Self {
        let edge_px = if rng.random_range(0.0..1.0) < 0.75_f32 {
            OUTER_PX + 3.0
        } else {
            INNER_PX - 3.0
        };
        Self {
            middle: Point::polar(edge_px, angle),
            radius_px: rng.random_range(13.0..20.0),
            seed: rng.random(),
        }
    }

    /// How far inside the outline a point lies; negative outside.
    pub(super) fn depth_px(&self, at: Point) -> f32 {
        ragged_circle(at.minus(self.middle), self.radius_px, 0.35, 2.6, self.seed)
    }
}

/// A drop's outline.
#[derive(Debug)]
pub(super) struct Blob {
    middle: Point,
    radius_px: f32,
    pub(super) seed: u32,
}

impl Blob {
    pub(super) fn new(middle: Point, rng: &mut impl Rng) -> Self {
        Self {
            middle,
            radius_px: rng.random_range(11.0..17.0),
            seed: rng.random(),
        }
    }

    /// How far inside the outline a point lies; negative outside.
    pub(super) fn depth_px(&self, at: Point) -> f32 {
        ragged_circle(at.minus(self.middle), self.radius_px, 0.4, 1.3, self.seed)
    }
}

/// A circle whose radius varies along the way by the share `variation`, in
/// features about 1 / `detail` radians wide.
fn ragged_circle(from: Point, radius_px: f32, variation: f32, detail: f32, seed: u32) -> f32 {
    let angle = from.angle();
    let wave = rough_noise(detail * angle.cos() + 9.0, detail * angle.sin() + 9.0, seed);
    radius_px * (1.0 + variation * wave) - from.radius()
}

/// A bent line that runs out thin at both ends.
#[derive(Debug)]
pub(super) struct Curve {
    points: Vec<Point>,
    half_width_px: f32,
}

impl Curve {
    const POINTS: u8 = 32;

    /// A line through `middle`, bent like a parabola.
    pub(super) fn new(middle: Point, rng: &mut impl Rng) -> Self {
        let direction = Point::polar(1.0, rng.random_range(0.0..TAU));
        let half_length_px = rng.random_range(22.0..38.0);
        let bend_px = rng.random_range(-9.0..9.0);
        let at = |step: u8| {
            let along = mix(-1.0, 1.0, f32::from(step) / f32::from(Self::POINTS - 1));
            let (forward, aside) = (half_length_px * along, bend_px * (along * along - 0.5));
            Point {
                x: middle.x + forward * direction.x - aside * direction.y,
                y: middle.y + forward * direction.y + aside * direction.x,
            }
        };
        Self {
            points: (0..Self::POINTS).map(at).collect(),
            half_width_px: rng.random_range(1.0..1.6),
        }
    }

    pub(super) fn coverage(&self, at: Point) -> f32 {
        let last = self.points.len().saturating_sub(1) as f32;
        let pieces = self
            .points
            .windows(2)
            .enumerate()
            .filter_map(|(number, ends)| {
                let [from, to] = ends else { return None };
                let (distance_px, share) = distance_to_piece(at, *from, *to);
                let along = (number as f32 + share) / last;
                Some(below(distance_px, self.half_width_px * taper(along), 1.2))
            });
        pieces.fold(0.0, f32::max)
    }
}

/// Full width over most of a line's length, falling towards both ends.
fn taper(along: f32) -> f32 {
    (6.0 * along * (1.0 - along)).clamp(0.3, 1.0)
}

/// The distance to a straight piece, and where along it the nearest point is.
fn distance_to_piece(at: Point, from: Point, to: Point) -> (f32, f32) {
    let (piece, offset) = (to.minus(from), at.minus(from));
    let share = (offset.dot(piece) / piece.dot(piece).max(1e-6)).clamp(0.0, 1.0);
    let nearest = Point {
        x: piece.x * share,
        y: piece.y * share,
    };
    (offset.minus(nearest).radius(), share)
}

/// Brings an angle between -π and π.
fn turned_between(angle: f32) -> f32 {
    (angle + PI).rem_euclid(TAU) - PI
}
