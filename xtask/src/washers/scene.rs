//! A sound washer on the conveyor belt, as a colour at every point.

use std::f32::consts::TAU;

use rand::{Rng, RngExt};

use super::texture::{below, mix, noise, rough_noise};

/// Side of the square pictures.
pub(super) const SIDE_PX: u32 = 320;
pub(super) const OUTER_PX: f32 = 112.0;
pub(super) const INNER_PX: f32 = 50.0;
const CHAMFER_PX: f32 = 6.0;
/// Width of the soft step by which edges are anti-aliased.
pub(super) const EDGE_PX: f32 = 1.4;
const PUNCH_MARKS: u8 = 3;

/// Red, green, blue; 0 is black, 1 is white.
pub(super) type Color = [f32; 3];

/// A point relative to the washer's centre.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

impl Point {
    pub(super) fn polar(radius: f32, angle: f32) -> Self {
        Self {
            x: radius * angle.cos(),
            y: radius * angle.sin(),
        }
    }

    pub(super) fn radius(self) -> f32 {
        self.x.hypot(self.y)
    }

    pub(super) fn angle(self) -> f32 {
        self.y.atan2(self.x)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            x: self.x - other.x,
            y: self.y - other.y,
        }
    }

    pub(super) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }
}

/// What differs from one picture of a sound washer to the next.
#[derive(Debug)]
pub(super) struct Scene {
    center: Point,
    turn: f32,
    /// Towards the lamp, in the picture's plane.
    pub(super) light: Point,
    brightness: f32,
    slope: Point,
    belt: Point,
    pub(super) seed: u32,
}

impl Scene {
    pub(super) fn new(rng: &mut impl Rng) -> Self {
        let middle = SIDE_PX as f32 / 2.0;
        let mut around = |value: f32, spread: f32| value + rng.random_range(-spread..spread);
        Self {
            center: Point {
                x: around(middle, 5.0),
                y: around(middle, 5.0),
            },
            turn: around(0.0, 0.2),
            light: Point::polar(1.0, around(0.625 * TAU, 0.06)),
            brightness: around(1.0, 0.05),
            slope: Point {
                x: around(0.0, 0.05),
                y: around(0.0, 0.05),
            },
            belt: Point {
                x: around(500.0, 400.0),
                y: around(500.0, 400.0),
            },
            seed: rng.random(),
        }
    }

    /// The middle of the pixel in `column` and `row`, seen from the washer.
    pub(super) fn point(&self, column: u32, row: u32) -> Point {
        Point {
            x: column as f32 + 0.5,
            y: row as f32 + 0.5,
        }
        .minus(self.center)
    }

    /// How much of the pixel at `at` a sound washer covers, 0 to 1.
    pub(super) fn coverage(at: Point) -> f32 {
        let radius = at.radius();
        below(radius, OUTER_PX, EDGE_PX) * (1.0 - below(radius, INNER_PX, EDGE_PX))
    }

    /// Light of the whole picture: lamp, slope over the belt, dark corners.
    pub(super) fn exposure(&self, at: Point) -> f32 {
        let relative = Point {
            x: at.x / 160.0,
            y: at.y / 160.0,
        };
        self.brightness * (1.0 + relative.dot(self.slope) - 0.05 * relative.dot(relative))
    }

    /// Dark rubber with a diagonal rib pattern, wear, and the washer's shadow.
    pub(super) fn belt(&self, at: Point) -> Color {
        let (x, y) = (at.x + self.belt.x, at.y + self.belt.y);
        let ribs = ((x + y) * 0.62).sin() * ((x - y) * 0.62).sin();
        let wear = rough_noise(x / 24.0, y / 24.0, 11);
        let fibre = noise(x / 1.6, y / 1.6, 12);
        let value =
            (0.17 + 0.035 * ribs + 0.025 * wear + 0.015 * fibre) * (1.0 - 0.6 * self.shadow(at));
        [value * 0.92, value, value * 1.03]
    }

    fn shadow(&self, at: Point) -> f32 {
        let source = Point {
            x: at.x + 7.0 * self.light.x,
            y: at.y + 7.0 * self.light.y,
        };
        let radius = source.radius();
        below(radius, OUTER_PX + 1.0, 14.0) * (1.0 - below(radius, INNER_PX - 1.0, 14.0))
    }

    /// Turned steel: rings of the lathe tool, the two bright fans that such rings
    /// reflect, chamfers at both edges, punch marks.
    pub(super) fn metal(&self, at: Point) -> Color {
        let radius = at.radius();
        let facing = Point {
            x: at.x / radius.max(1.0),
            y: at.y / radius.max(1.0),
        }
        .dot(self.light);
        let outer = 0.5 + 0.34 * facing;
        let inner = 0.48 - 0.3 * facing;
        let value = mix(
            outer,
            self.face(at, facing),
            below(radius, OUTER_PX - CHAMFER_PX, EDGE_PX),
        );
        let value = mix(value, inner, below(radius, INNER_PX + CHAMFER_PX, EDGE_PX));
        let value = value * (1.0 + 0.03 * noise(at.x / 1.3, at.y / 1.3, self.seed));
        [value, value * 0.985, value * 0.955]
    }

    fn face(&self, at: Point, facing: f32) -> f32 {
        let radius = at.radius();
        let angle = at.angle() - self.turn;
        let rings = noise(radius / 1.7, 0.5, self.seed);
        let strokes = noise(radius / 1.1, 4.0 * angle.cos(), self.seed ^ 1)
            + noise(radius / 1.1, 4.0 * angle.sin(), self.seed ^ 2);
        let fans = facing.powi(6);
        0.53 + 0.03 * rings + 0.025 * strokes + 0.17 * fans - self.punch_mark(at)
    }

    /// Darkening by the small marks on the middle of the face.
    fn punch_mark(&self, at: Point) -> f32 {
        let middle = f32::midpoint(OUTER_PX, INNER_PX);
        let mark = |number: u8| {
            let angle = self.turn + TAU * (f32::from(number) + 0.25) / f32::from(PUNCH_MARKS);
            let from = at.minus(Point::polar(middle, angle));
            let lip = below((from.radius() - 4.0).abs(), 0.6, 1.6) * from.dot(self.light) / 4.0;
            0.3 * below(from.radius(), 3.4, 2.0) + 0.18 * lip
        };
        (0..PUNCH_MARKS).map(mark).sum()
    }
}
