//! How one inspector takes pictures in.

use super::InspectorOptions;
use crate::picture::ReadOptions;
use crate::preprocess::Preprocessing;

/// The model's recipe as the inspector's options change it.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    pub(super) recipe: Preprocessing,
    pub(super) reading: ReadOptions,
    /// Whether inspections hold their picture.
    pub(super) keep_pictures: bool,
}

impl Intake {
    pub(super) fn new(recipe: &Preprocessing, options: &InspectorOptions) -> Self {
        let white_level = options.white_level.or(recipe.parts().white_level);
        let recipe = recipe.clone().with_white_level(white_level);
        Self {
            reading: ReadOptions {
                damage: options.damage,
                ..recipe.reading(options.limits)
            },
            keep_pictures: options.keep_pictures,
            recipe,
        }
    }
}
