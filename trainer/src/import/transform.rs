//! The way from picture to network input, as a checkpoint describes it.

use cfa_runtime::preprocess::{PreprocessingParts, Size};

use super::error::ImportProblem;
use super::release::Release;
use super::source::{Source, plain};
use crate::backbone::weights::Node;

/// The side that anomalib resizes to when nobody says otherwise (since 1.0.0).
const DEFAULT_SIDE: usize = 256;

/// Steps that only change how samples are stored.
const WITHOUT_EFFECT: [&str; 5] = ["ToTensor", "ToTensorV2", "ToImage", "ToDtype", "Identity"];

/// Resize, crop and normalisation of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recipe {
    pub(super) resize: Size,
    pub(super) center_crop: Option<Size>,
    pub(super) mean: [f32; 3],
    pub(super) std: [f32; 3],
}

impl Recipe {
    /// Resize to a size, `ImageNet`'s normalisation.
    pub(super) fn plain(resize: Size, center_crop: Option<Size>) -> Self {
        let imagenet = PreprocessingParts::imagenet(resize, center_crop);
        Self {
            resize,
            center_crop,
            mean: imagenet.mean,
            std: imagenet.std,
        }
    }

    /// The default of a release; 0.x had none.
    pub(super) fn default_of(release: Release) -> Option<Self> {
        let side = Size {
            height: DEFAULT_SIDE,
            width: DEFAULT_SIDE,
        };
        matches!(release, Release::V1 | Release::V2To26).then(|| Self::plain(side, None))
    }

    /// The recipe in the checkpoint; `None` when there is none.
    pub(super) fn stored_in(source: &Source<'_>) -> Result<Option<Self>, ImportProblem> {
        if let Some(transform) = transform(source) {
            return from_steps(&steps(transform)).map(Some);
        }
        let dataset = source.hyper_parameters().and_then(|all| all.get("dataset"));
        dataset.map_or(Ok(None), from_configuration)
    }
}

fn transform<'a>(source: &Source<'a>) -> Option<Node<'a>> {
    let paths: [&[&str]; 5] = [
        &["anomalib_pre_processor_config", "transform"],
        &["transform"],
        &["model", "pre_processor", "transform"],
        &["model", "transform"],
        &["metadata", "transform", "transform"],
    ];
    let kept = source.hyper_parameters();
    let kept = kept.and_then(|all| all.path(&["pre_processor", "transform"]));
    let mut places = paths.iter().filter_map(|path| source.root.path(path));
    places.find(|node| !steps(*node).is_empty()).or(kept)
}

/// One step, however it is written down: as a module, as `class_path` and `init_args`
/// (2.7), or in the words of albumentations (0.x).
struct Step<'a> {
    name: &'a str,
    arguments: Node<'a>,
}

impl<'a> Step<'a> {
    fn read(node: Node<'a>) -> Option<Self> {
        let written = |key| node.get(key).and_then(Node::text);
        let class = node.class();
        let class = class.or_else(|| written("class_path"));
        let class = class.or_else(|| written("__class_fullname__"))?;
        Some(Self {
            name: class.rsplit('.').next().unwrap_or(class),
            arguments: node.get("init_args").unwrap_or(node),
        })
    }

    /// A step that does not say what it does. No bundle has such a step, so it is refused.
    fn unreadable(node: Node<'a>) -> Self {
        Self {
            name: "a step without a name",
            arguments: node,
        }
    }

    fn argument(&self, name: &str) -> Option<Node<'a>> {
        self.arguments.get(name)
    }

    /// Height and width, if both are there.
    fn size(&self) -> Option<Size> {
        let side = |name| self.argument(name).and_then(Node::size);
        if let (Some(height), Some(width)) = (side("height"), side("width")) {
            return Some(Size { height, width });
        }
        let sides = self.argument("size")?.items();
        match sides.iter().map(|side| side.size()).collect::<Vec<_>>()[..] {
            [Some(height), Some(width)] => Some(Size { height, width }),
            _ => None,
        }
    }

    fn three(&self, name: &str) -> Option<[f32; 3]> {
        let values = self.argument(name)?.items();
        let values: Option<Vec<f32>> = values.iter().map(|v| Some(v.number()? as f32)).collect();
        values?.try_into().ok()
    }

    fn refuse(&self, why: &str) -> ImportProblem {
        let name: String = self.name.escape_debug().take(60).collect();
        ImportProblem::Preprocessing {
            step: format!("{name} {why}"),
        }
    }
}

/// The steps inside of a `Compose`, or the one step that it is.
fn steps(transform: Node<'_>) -> Vec<Step<'_>> {
    let Some(step) = Step::read(transform) else {
        return Vec::new();
    };
    if step.name != "Compose" {
        return vec![step];
    }
    // A `Compose` without a list of steps is reported as a step that cannot be read.
    let Some(inner) = step.argument("transforms").map(Node::items) else {
        return vec![Step::unreadable(transform)];
    };
    let step = |node| Step::read(node).unwrap_or(Step::unreadable(node));
    inner.into_iter().map(step).collect()
}

fn from_steps(steps: &[Step<'_>]) -> Result<Recipe, ImportProblem> {
    let mut resize = None;
    let mut recipe = Recipe {
        mean: [0.0; 3],
        std: [1.0; 3],
        ..Recipe::plain(
            Size {
                height: 0,
                width: 0,
            },
            None,
        )
    };
    let mut normalised = false;
    for step in steps {
        let before = resize.is_some() && !normalised;
        match step.name {
            "Resize" if resize.is_none() && !normalised => resize = Some(resized(step)?),
            "CenterCrop" | "ExportableCenterCrop" if before && recipe.center_crop.is_none() => {
                let size = step.size();
                recipe.center_crop = Some(size.ok_or_else(|| step.refuse("has no size"))?);
            }
            "Normalize" if !normalised => {
                normalised = true;
                let values = step.three("mean").zip(step.three("std"));
                (recipe.mean, recipe.std) =
                    values.ok_or_else(|| step.refuse("has no three means and deviations"))?;
            }
            name if WITHOUT_EFFECT.contains(&name) => {}
            _ => return Err(step.refuse("is a step that bundles do not have at this place")),
        }
    }
    recipe.resize = resize.ok_or_else(|| ImportProblem::Preprocessing {
        step: "there is no Resize, so the input size is open".to_owned(),
    })?;
    Ok(recipe)
}

fn resized(step: &Step<'_>) -> Result<Size, ImportProblem> {
    let filter = step.argument("interpolation");
    let texts = filter.map(|f| {
        f.text()
            .into_iter()
            .chain(f.items().into_iter().filter_map(Node::text))
    });
    let filter = texts.and_then(|mut texts| texts.next());
    if filter.is_some_and(|name| !name.eq_ignore_ascii_case("bilinear")) {
        return Err(step.refuse("is not bilinear"));
    }
    if step.argument("antialias").and_then(Node::boolean) == Some(false) {
        return Err(step.refuse("does not antialias"));
    }
    step.size()
        .ok_or_else(|| step.refuse("has one size only and keeps the aspect ratio"))
}

/// The data set's part of a 0.x configuration.
fn from_configuration(dataset: Node<'_>) -> Result<Option<Recipe>, ImportProblem> {
    let size = |name| dataset.get(name).map(plain).and_then(square_or_pair);
    let Some(resize) = size("image_size") else {
        return Ok(None);
    };
    let mut recipe = Recipe::plain(resize, size("center_crop"));
    match dataset.get("normalization").map(plain).and_then(Node::text) {
        Some("imagenet") => {}
        Some("none") | None => (recipe.mean, recipe.std) = ([0.0; 3], [1.0; 3]),
        Some(other) => {
            let other: String = other.escape_debug().take(60).collect();
            return Err(ImportProblem::Preprocessing {
                step: format!("the normalisation '{other}' is not known"),
            });
        }
    }
    Ok(Some(recipe))
}

fn square_or_pair(node: Node<'_>) -> Option<Size> {
    if let Some(side) = node.size() {
        return Some(Size {
            height: side,
            width: side,
        });
    }
    let listed = node.get("_content").unwrap_or(node).items();
    match listed
        .into_iter()
        .map(|side| plain(side).size())
        .collect::<Vec<_>>()[..]
    {
        [Some(height), Some(width)] => Some(Size { height, width }),
        _ => None,
    }
}
