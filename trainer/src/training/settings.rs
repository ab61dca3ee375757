//! The options of the method, and their check.

use std::num::NonZeroU16;

use cfa_runtime::BrokenInvariant;
use cfa_runtime::picture::OrientationRule;
use cfa_runtime::preprocess::{
    AspectRule, PreprocessError, Preprocessing, PreprocessingParts, ResizeFilter, Size,
};
use cfa_runtime::training_support::cfa::anomaly_map::Border;
use serde::{Deserialize, Serialize};

use crate::backbone::{Backbone, TapActivation};
use crate::cfa::descriptor::{DescriptorShape, Pooling, with_pooling_of};
use crate::cfa::loss::CfaLoss;
use crate::cfa::memory_bank;
use crate::cfa::model::AnomalyMapGenerator;
use crate::error::TrainError;
use crate::network::{Graph, NodeId};

/// σ of the blur in map pixels (METHOD.md, section 1).
const SIGMA: f32 = 4.0;

/// All options that change the result. The defaults are those of
/// [`Preset::Anomalib`](super::Preset::Anomalib).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitSettings {
    /// Backbone by its torchvision name.
    pub backbone: String,
    /// What is applied to the tapped maps.
    pub tap_activation: TapActivation,
    /// Whether pictures and masks are turned as their files ask. Trainings recorded before
    /// this was an option took the stored pixels.
    #[serde(default = "stored")]
    pub orientation: OrientationRule,
    /// The 16-bit sample that is white; `None` is 65535.
    #[serde(default)]
    pub white_level: Option<NonZeroU16>,
    /// Pictures are resized to this, by `aspect`.
    pub image_size: Size,
    /// How the resize samples.
    pub resize_filter: ResizeFilter,
    /// What the resize does to the aspect ratio.
    pub aspect: AspectRule,
    /// Then this much is cut from the centre; `None` keeps all.
    pub center_crop: Option<Size>,
    /// Passes over the training pictures.
    pub epochs: usize,
    /// Pictures per step.
    pub batch_size: usize,
    /// Learning rate of `AdamW`.
    pub learning_rate: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// The bank has floor(positions / `gamma_c`) entries.
    pub gamma_c: usize,
    /// φ has floor(backbone channels / `gamma_d`) channels.
    pub gamma_d: usize,
    /// K: attracting neighbours; also the neighbours of the score.
    pub neighbors: usize,
    /// J: repelling neighbours.
    pub hard_negatives: usize,
    /// r: radius of the hyperspheres, or where it starts.
    pub radius: f64,
    /// Whether the radius is trained like a weight (METHOD.md, difference 3).
    pub train_radius: bool,
    /// How the blur continues the map beyond its border.
    pub border: Border,
    /// The seed of everything that is drawn at random.
    pub seed: u64,
    /// Share of the good pictures that is held out to calibrate scores with.
    pub calibration_split: f64,
    /// Share of the good pictures that is held out to choose among seeds with.
    pub selection_split: f64,
    /// Whether pictures that are nearly equal count as different ones; equal ones never do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub count_similar: bool,
}

impl FitSettings {
    /// Makes sure that the options can work together.
    ///
    /// # Errors
    /// Names the option, its value, and what would be possible.
    pub fn check(&self) -> Result<CheckedSettings, TrainError> {
        let backbone: Backbone =
            self.backbone
                .parse()
                .map_err(|e: crate::backbone::UnknownBackbone| {
                    impossible("backbone", &self.backbone, e.to_string())
                })?;
        let recipe = PreprocessingParts {
            orientation: self.orientation,
            white_level: self.white_level,
            filter: self.resize_filter,
            aspect: self.aspect,
            ..backbone.preprocessing(self.image_size, self.center_crop)
        };
        let preprocessing = Preprocessing::new(recipe).map_err(impossible_size)?;
        at_least_one("batch-size", self.batch_size)?;
        at_least_one("gamma-c", self.gamma_c)?;
        at_least_one("gamma-d", self.gamma_d)?;
        at_least_one("neighbors", self.neighbors)?;
        positive("lr", self.learning_rate)?;
        not_negative("weight-decay", self.weight_decay)?;
        not_negative("radius", self.radius)?;
        share("calibration-split", self.calibration_split)?;
        share("selection-split", self.selection_split)?;
        let descriptor = backbone.descriptor_shape(self.gamma_d).ok_or_else(|| {
            let limit = backbone.feature_channels();
            impossible(
                "gamma-d",
                &self.gamma_d,
                format!("{backbone} has {limit} channels to divide"),
            )
        })?;
        let map_shapes = map_shapes(&backbone.graph(self.tap_activation), &preprocessing)?;
        let checked = CheckedSettings {
            settings: self.clone(),
            backbone,
            preprocessing,
            descriptor,
            map_shapes,
            pooling: Pooling::Pooled,
        };
        checked.fits_the_bank()?;
        Ok(checked)
    }
}

/// Options that were found to work together, and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedSettings {
    settings: FitSettings,
    backbone: Backbone,
    preprocessing: Preprocessing,
    descriptor: DescriptorShape,
    /// Channels, height and width of each of the three feature maps.
    map_shapes: [[usize; 3]; 3],
    pooling: Pooling,
}

impl CheckedSettings {
    /// These settings for a model that was trained elsewhere, in another way.
    ///
    /// # Errors
    /// The normalisation cannot be carried out.
    pub(crate) fn trained_with(
        mut self,
        pooling: Pooling,
        mean: [f32; 3],
        std: [f32; 3],
    ) -> Result<Self, TrainError> {
        self.pooling = pooling;
        self.preprocessing = self
            .preprocessing
            .changed(|parts| (parts.mean, parts.std) = (mean, std))?;
        Ok(self)
    }

    /// The options themselves.
    #[must_use]
    pub fn options(&self) -> &FitSettings {
        &self.settings
    }

    /// The backbone.
    #[must_use]
    pub fn backbone(&self) -> Backbone {
        self.backbone
    }

    /// The backbone up to its pooled maps.
    #[must_use]
    pub fn pooled_graph(&self) -> Graph {
        let activation = self.settings.tap_activation;
        match self.pooling {
            Pooling::Pooled => self.backbone.pooled_graph(activation),
            Pooling::Raw => with_pooling_of(&self.backbone.graph(activation), Pooling::Raw),
        }
    }

    /// From a picture to the network's input.
    #[must_use]
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Shape of the trained layer.
    #[must_use]
    pub fn descriptor(&self) -> DescriptorShape {
        self.descriptor
    }

    /// Positions of φ: height and width of the first feature map.
    #[must_use]
    pub fn feature_size(&self) -> Size {
        let [[_, height, width], ..] = self.map_shapes;
        Size { height, width }
    }

    /// Channels, height and width of the three pooled maps; none is 0.
    #[must_use]
    pub(crate) fn map_shapes(&self) -> [[usize; 3]; 3] {
        self.map_shapes
    }

    /// The most `f32` values that the backbone holds at once for one picture.
    pub(crate) fn live_values(&self) -> Result<usize, BrokenInvariant> {
        let input = self.preprocessing.input_size();
        let live = self.pooled_graph().live_values(input.height, input.width);
        live.ok_or(BrokenInvariant(
            "settings are checked for feature maps of at least one position",
        ))
    }

    /// Number of memory bank entries.
    #[must_use]
    pub fn bank_entries(&self) -> usize {
        memory_bank::entries(
            self.feature_size().height * self.feature_size().width,
            self.settings.gamma_c,
        )
    }

    /// The loss.
    #[must_use]
    pub fn loss(&self) -> CfaLoss {
        CfaLoss {
            neighbors: self.settings.neighbors,
            hard_negatives: self.settings.hard_negatives,
            radius: self.settings.radius,
        }
    }

    /// Standard deviation of the blur, map pixels.
    #[must_use]
    pub fn sigma(&self) -> f32 {
        SIGMA
    }

    /// libtorch's way from φ to the map.
    #[must_use]
    pub fn map_generator(&self) -> AnomalyMapGenerator {
        let size = self.preprocessing.input_size();
        AnomalyMapGenerator {
            neighbors: self.settings.neighbors,
            map_size: size,
            sigma: f64::from(SIGMA),
            border: self.settings.border,
        }
    }

    fn fits_the_bank(&self) -> Result<(), TrainError> {
        let entries = self.bank_entries();
        let FitSettings {
            neighbors,
            hard_negatives,
            gamma_c,
            train_radius,
            ..
        } = self.settings;
        // A radius that can never repel makes J meaningless.
        let repels = train_radius || self.loss().can_repel();
        let (wanted, together) = if repels {
            let together = format!("together with {hard_negatives} hard negatives that is ");
            (self.loss().entries(), together)
        } else {
            (neighbors, "that is ".to_owned())
        };
        if wanted > entries {
            let reason = format!(
                "{together}{wanted} bank entries, and with gamma-c {gamma_c} the bank has {entries}"
            );
            return Err(impossible("neighbors", &neighbors, reason));
        }
        let size = self.preprocessing.input_size();
        let radius = (4.0 * SIGMA + 0.5) as usize;
        if size.height.min(size.width) <= radius {
            let reason = format!("the map must be larger than the blur's {radius} px");
            let given = format!("{}x{}", size.height, size.width);
            return Err(impossible("image-size", &given, reason));
        }
        Ok(())
    }
}

fn stored() -> OrientationRule {
    OrientationRule::Stored
}

/// Pooling keeps the shapes, so they are those of the graph's own outputs.
fn map_shapes(graph: &Graph, preprocessing: &Preprocessing) -> Result<[[usize; 3]; 3], TrainError> {
    let input = preprocessing.input_size();
    let empty = || {
        let given = format!("{}x{}", input.height, input.width);
        let reason = "a feature map would be empty".to_owned();
        impossible("image-size", &given, reason)
    };
    let sizes = graph.sizes(input.height, input.width).ok_or_else(empty)?;
    let shape = |&tap: &NodeId| {
        let (height, width) = *sizes.get(tap.index())?;
        Some([graph.channels(tap), height, width])
    };
    let shapes: Option<Vec<_>> = graph.outputs().iter().map(shape).collect();
    shapes
        .and_then(|shapes| <[_; 3]>::try_from(shapes).ok())
        .ok_or_else(empty)
}

/// The error in the words of the command line.
fn impossible_size(error: PreprocessError) -> TrainError {
    let written = |size: Size| format!("{}x{}", size.height, size.width);
    match error {
        PreprocessError::ResizeOutOfRange { height, width } => {
            let reason = format!("each side must be 1 to {} px", Preprocessing::MAX_SIDE_PX);
            impossible("image-size", &written(Size { height, width }), reason)
        }
        PreprocessError::CropOutOfRange { crop, resize } => {
            let limit = written(resize);
            let reason = format!(
                "each side must be at least 1 px and fit into the image size {limit}; 'none' crops nothing"
            );
            impossible("center-crop", &written(crop), reason)
        }
        PreprocessError::ShorterSide { resize } => {
            let reason =
                "with the aspect shorter-side it must be square, and the centre crop a size";
            impossible("image-size", &written(resize), reason.into())
        }
        other => other.into(),
    }
}

fn impossible(option: &'static str, value: &impl ToString, reason: String) -> TrainError {
    TrainError::Setting {
        option,
        value: value.to_string(),
        reason,
    }
}

fn at_least_one(option: &'static str, value: usize) -> Result<(), TrainError> {
    if value == 0 {
        Err(impossible(option, &value, "it must be at least 1".into()))
    } else {
        Ok(())
    }
}

fn positive(option: &'static str, value: f64) -> Result<(), TrainError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(impossible(
            option,
            &value,
            "it must be a number above 0".into(),
        ))
    }
}

fn not_negative(option: &'static str, value: f64) -> Result<(), TrainError> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(impossible(option, &value, "it must be 0 or more".into()))
    }
}

/// Two shares below one half leave something to train on.
fn share(option: &'static str, value: f64) -> Result<(), TrainError> {
    if (0.0..0.5).contains(&value) {
        Ok(())
    } else {
        let reason = "it must be 0 or more and below 0.5".into();
        Err(impossible(option, &value, reason))
    }
}

#[cfg(test)]
mod tests;
