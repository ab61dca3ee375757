//! The options of the method, and their check.

use cfa_runtime::preprocess::{PreprocessError, Preprocessing, Size};
use serde::{Deserialize, Serialize};

use crate::backbone::Backbone;
use crate::descriptor::{DescriptorShape, Pooling};
use crate::error::TrainError;
use crate::loss::CfaLoss;
use crate::memory_bank;
use crate::model::AnomalyMapGenerator;
use crate::network::Graph;

/// σ of the blur in map pixels (SPEC 1).
const SIGMA: f32 = 4.0;

/// All options that change the result. Defaults are the reference's (SPEC 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitSettings {
    /// Backbone by its torchvision name.
    pub backbone: String,
    /// Pictures are resized to exactly this.
    pub image_size: Size,
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
    /// r: radius of the hyperspheres.
    pub radius: f64,
    /// Of everything that is drawn at random.
    pub seed: u64,
}

impl Default for FitSettings {
    fn default() -> Self {
        let square = |side| Size {
            height: side,
            width: side,
        };
        Self {
            backbone: Backbone::WideResnet50.name().to_owned(),
            image_size: square(256),
            center_crop: Some(square(224)),
            epochs: 30,
            batch_size: 4,
            learning_rate: 1e-3,
            weight_decay: 5e-4,
            gamma_c: 1,
            gamma_d: 1,
            neighbors: 3,
            hard_negatives: 3,
            radius: 1e-5,
            seed: 0,
        }
    }
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
        let preprocessing = Preprocessing::imagenet(self.image_size, self.center_crop);
        preprocessing.validate().map_err(impossible_size)?;
        at_least_one("batch-size", self.batch_size)?;
        at_least_one("gamma-c", self.gamma_c)?;
        at_least_one("gamma-d", self.gamma_d)?;
        at_least_one("neighbors", self.neighbors)?;
        positive("lr", self.learning_rate)?;
        not_negative("weight-decay", self.weight_decay)?;
        not_negative("radius", self.radius)?;
        let map_channels = backbone.taps().map(|tap| tap.channels);
        let descriptor = DescriptorShape::new(map_channels, self.gamma_d).ok_or_else(|| {
            let limit = backbone.feature_channels();
            impossible(
                "gamma-d",
                &self.gamma_d,
                format!("{backbone} has {limit} channels to divide"),
            )
        })?;
        let feature_size = feature_size(&backbone.graph(), &preprocessing)?;
        let checked = CheckedSettings {
            settings: self.clone(),
            backbone,
            preprocessing,
            descriptor,
            feature_size,
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
    feature_size: Size,
    pooling: Pooling,
}

impl CheckedSettings {
    /// The same for a model that was trained elsewhere, in another way.
    #[must_use]
    pub(crate) fn trained_with(mut self, pooling: Pooling, mean: [f32; 3], std: [f32; 3]) -> Self {
        self.pooling = pooling;
        (self.preprocessing.mean, self.preprocessing.std) = (mean, std);
        self
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
        self.feature_size
    }

    /// Which feature maps are pooled.
    #[must_use]
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Number of memory bank entries.
    #[must_use]
    pub fn bank_entries(&self) -> usize {
        memory_bank::entries(
            self.feature_size.height * self.feature_size.width,
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
            map_size: (size.height, size.width),
            sigma: f64::from(SIGMA),
        }
    }

    fn fits_the_bank(&self) -> Result<(), TrainError> {
        let entries = self.bank_entries();
        let wanted = self.loss().entries();
        if wanted > entries {
            let reason = format!(
                "together with --hard-negatives {} that is {wanted} bank entries, and with --gamma-c {} the bank has {entries}",
                self.settings.hard_negatives, self.settings.gamma_c
            );
            return Err(impossible("neighbors", &self.settings.neighbors, reason));
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

fn feature_size(graph: &Graph, preprocessing: &Preprocessing) -> Result<Size, TrainError> {
    let input = preprocessing.input_size();
    let sizes = graph.sizes(input.height, input.width).unwrap_or_default();
    let first = graph
        .outputs()
        .first()
        .and_then(|tap| sizes.get(tap.index()));
    first
        .map(|&(height, width)| Size { height, width })
        .ok_or_else(|| {
            let given = format!("{}x{}", input.height, input.width);
            impossible(
                "image-size",
                &given,
                "a feature map would be empty".to_owned(),
            )
        })
}

/// The same in the words of the command line.
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
                "each side must be at least 1 px and fit into --image-size {limit}; 'none' crops nothing"
            );
            impossible("center-crop", &written(crop), reason)
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

#[cfg(test)]
mod tests;
