//! Defects, as what they change at each point of a sound washer.

use std::f32::consts::TAU;

use rand::{Rng, RngExt};

use super::{
    scene::{Color, INNER_PX, OUTER_PX, Point, Scene},
    shape::{Bite, Blob, Curve, Spur},
    texture::{below, mix, rough_noise},
};

/// The kinds of defect, named as their folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Burr,
    Dent,
    MissingPart,
    Scratch,
    Stain,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Burr,
        Self::Dent,
        Self::MissingPart,
        Self::Scratch,
        Self::Stain,
    ];

    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Burr => "burr",
            Self::Dent => "dent",
            Self::MissingPart => "missing_part",
            Self::Scratch => "scratch",
            Self::Stain => "stain",
        }
    }
}

/// What a defect does to one point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// Share of the metal that is gone, 0 to 1.
    pub(super) removed: f32,
    /// Metal where a sound washer has none, 0 to 1.
    pub(super) added: f32,
    /// The metal's colour is multiplied by this, then `light` is added.
    pub(super) tint: Color,
    pub(super) light: f32,
    /// How much of the point belongs to the defect, 0 to 1.
    extent: f32,
}

impl Change {
    pub(super) const NONE: Self = Self {
        removed: 0.0,
        added: 0.0,
        tint: [1.0; 3],
        light: 0.0,
        extent: 0.0,
    };

    pub(super) fn in_mask(&self) -> bool {
        self.extent > 0.5
    }
}

/// One defect in its place, relative to the washer's centre.
#[derive(Debug)]
pub(super) enum Defect {
    Burr(Spur),
    Dent {
        middle: Point,
        radius_px: f32,
        depth: f32,
    },
    MissingPart(Bite),
    Scratch(Curve),
    Stain(Blob),
}

impl Defect {
    pub(super) fn new(kind: Kind, rng: &mut impl Rng) -> Self {
        let angle = rng.random_range(0.0..TAU);
        let middle = Point::polar(rng.random_range(INNER_PX + 17.0..OUTER_PX - 17.0), angle);
        match kind {
            Kind::Burr => Self::Burr(Spur::new(angle, rng)),
            Kind::Dent => Self::Dent {
                middle,
                radius_px: rng.random_range(8.5..12.5),
                depth: rng.random_range(0.7..1.0),
            },
            Kind::MissingPart => Self::MissingPart(Bite::new(angle, rng)),
            Kind::Scratch => Self::Scratch(Curve::new(middle, rng)),
            Kind::Stain => Self::Stain(Blob::new(middle, rng)),
        }
    }

    pub(super) fn change(&self, scene: &Scene, at: Point) -> Change {
        let metal = Scene::coverage(at);
        match self {
            Self::Burr(spur) => burr(spur, at, metal),
            Self::Dent {
                middle,
                radius_px,
                depth,
            } => {
                let offset = at.minus(*middle);
                let offset = Point {
                    x: offset.x / radius_px,
                    y: offset.y / radius_px,
                };
                dent(offset, *depth, scene.light, metal)
            }
            Self::MissingPart(bite) => missing_part(bite, at, metal),
            Self::Scratch(curve) => scratch(curve, at, scene.light, metal),
            Self::Stain(blob) => stain(blob, at, metal),
        }
    }
}

/// Metal pressed out over an edge; it catches the light.
fn burr(spur: &Spur, at: Point, metal: f32) -> Change {
    let added = spur.coverage(at) * (1.0 - metal);
    Change {
        added,
        light: 0.22 * added,
        extent: added,
        ..Change::NONE
    }
}

/// A hollow: dark where it falls away from the lamp, bright on the far side.
/// `offset` is in units of the dent's radius.
fn dent(offset: Point, depth: f32, light: Point, metal: f32) -> Change {
    let depression = (-2.0 * offset.dot(offset)).exp();
    let tint = [1.0 - 0.2 * depression; 3];
    let extent = below(offset.radius(), 1.15, 0.1) * metal;
    Change {
        tint,
        light: -depth * offset.dot(light) * depression,
        extent,
        ..Change::NONE
    }
}

/// A broken-out piece with a bright fracture along its edge.
fn missing_part(bite: &Bite, at: Point, metal: f32) -> Change {
    let inside_px = bite.depth_px(at);
    let removed = below(-inside_px, 0.0, 1.4);
    let fracture = below((inside_px + 1.2).abs(), 1.3, 1.4) * (1.0 - removed);
    let extent = removed.max(fracture) * metal;
    Change {
        removed,
        light: 0.3 * fracture,
        extent,
        ..Change::NONE
    }
}

/// A bright groove with a dark edge on the side away from the lamp.
fn scratch(curve: &Curve, at: Point, light: Point, metal: f32) -> Change {
    let core = curve.coverage(at);
    let beside = Point {
        x: at.x + 1.6 * light.x,
        y: at.y + 1.6 * light.y,
    };
    let edge = curve.coverage(beside) * (1.0 - core);
    let extent = core.max(edge) * metal;
    Change {
        light: 0.38 * core - 0.26 * edge,
        extent,
        ..Change::NONE
    }
}

/// Dried brownish liquid, darkest along its rim.
fn stain(blob: &Blob, at: Point, metal: f32) -> Change {
    const BROWN: Color = [0.62, 0.44, 0.26];
    let inside_px = blob.depth_px(at);
    let body = below(-inside_px, 0.0, 2.5);
    let rim = below((inside_px - 1.8).abs(), 1.2, 2.5);
    let cloud = rough_noise(at.x / 7.0, at.y / 7.0, blob.seed);
    let share = body * (0.62 + 0.14 * cloud + 0.22 * rim);
    Change {
        tint: BROWN.map(|brown| mix(1.0, brown, share)),
        extent: body * metal,
        ..Change::NONE
    }
}
