//! What the container asks of CFA: whether its settings and tensors fit each other.

use ndarray::Array2;

use super::anomaly_map::GaussianBlur;
use super::head::Descriptors;
use super::memory_bank::BoundingAxes;
use super::settings::{CfaSettings, CfaTensors};
use crate::container::{BundleProblem, Method, require, require_finite};
use crate::preprocess::Size;

const COORDINATES: &str = "coordinates";
const MEMORY_BANK: &str = "memory_bank";

type Checked = Result<(), BundleProblem>;

impl Method for CfaSettings {
    const NAME: &'static str = "cfa";
    const MATRICES: &'static [&'static str] = &[COORDINATES, MEMORY_BANK];

    type Tensors = CfaTensors;

    fn matrices(tensors: &CfaTensors) -> Vec<&Array2<f32>> {
        vec![&tensors.coordinates, &tensors.memory_bank]
    }

    fn read_tensors(
        mut matrix: impl FnMut(&str) -> Result<Array2<f32>, BundleProblem>,
    ) -> Result<CfaTensors, BundleProblem> {
        Ok(CfaTensors {
            coordinates: matrix(COORDINATES)?,
            memory_bank: matrix(MEMORY_BANK)?,
        })
    }

    fn check(&self, tensors: &CfaTensors, input: Size) -> Checked {
        shapes(self)?;
        anomaly_map(self, input)?;
        golden_tolerance(self.golden_tolerance)?;
        memory_bank(self, &tensors.memory_bank)?;
        levels(self, &tensors.coordinates)
    }

    fn replay_tolerance(&self, recorded_map: &Array2<f32>) -> f32 {
        self.replay_tolerance(recorded_map)
    }
}

fn shapes(settings: &CfaSettings) -> Checked {
    let (descriptor, bank) = (&settings.descriptor, &settings.memory_bank);
    let counts = [
        ("descriptor.channels", descriptor.channels),
        ("descriptor.feature_height", descriptor.feature_height),
        ("descriptor.feature_width", descriptor.feature_width),
        ("descriptor.gamma_d", descriptor.gamma_d),
        ("memory_bank.centroids", bank.centroids),
        ("memory_bank.gamma_c", bank.gamma_c),
        ("score.neighbors", settings.score.neighbors),
    ];
    for (field, count) in counts {
        require(count > 0, field, || "must be at least 1".to_owned())?;
    }
    let neighbors = settings.score.neighbors;
    require(neighbors <= bank.centroids, "score.neighbors", || {
        format!(
            "{neighbors} neighbours need as many centroids; there are {}",
            bank.centroids
        )
    })
}

fn anomaly_map(settings: &CfaSettings, input: Size) -> Checked {
    let map = &settings.anomaly_map;
    require(
        (map.height, map.width) == (input.height, input.width),
        "anomaly_map",
        || {
            format!(
                "is {}×{}, but must have the network's input size {}×{} (height × width)",
                map.height, map.width, input.height, input.width
            )
        },
    )?;
    let features = &settings.descriptor;
    let fits = features.feature_height <= map.height && features.feature_width <= map.width;
    require(fits, "descriptor", || {
        format!(
            "{}×{} features are more than the {}×{} pixels of the map",
            features.feature_height, features.feature_width, map.height, map.width
        )
    })?;
    let blur = GaussianBlur::new(map.sigma, map.border);
    let fits = blur.and_then(|blur| blur.check_size(map.height, map.width));
    fits.map_or_else(
        |error| require(false, "anomaly_map", || error.to_string()),
        Ok,
    )
}

fn golden_tolerance(tolerance: f32) -> Checked {
    require(
        tolerance.is_finite() && tolerance > 0.0,
        "golden_tolerance",
        || format!("{tolerance} is not a finite number above 0"),
    )
}

fn memory_bank(settings: &CfaSettings, bank: &Array2<f32>) -> Checked {
    let expected = (settings.memory_bank.centroids, settings.descriptor.channels);
    require(bank.dim() == expected, MEMORY_BANK, || {
        format!(
            "is {:?}, but the manifest says {expected:?} (centroids, channels)",
            bank.dim()
        )
    })?;
    require_finite(bank, MEMORY_BANK)
}

/// The levels make descriptors of the declared shape.
fn levels(settings: &CfaSettings, coordinates: &Array2<f32>) -> Checked {
    require_finite(coordinates, COORDINATES)?;
    let shape = &settings.descriptor;
    let made = Descriptors::new(shape.levels.clone(), coordinates);
    if let Err(error) = &made {
        return require(false, "descriptor.levels", || error.to_string());
    }
    let finest = shape
        .levels
        .first()
        .map(|level| (level.height, level.width));
    let channels = shape.levels.last().map(|level| level.channels);
    let declared = (shape.feature_height, shape.feature_width);
    let fits = finest == Some(declared) && channels == Some(shape.channels);
    require(fits, "descriptor.levels", || {
        format!(
            "do not make {declared:?} descriptors of {} channels",
            shape.channels
        )
    })?;
    let BoundingAxes { first, second } = settings.memory_bank.bounding_axes;
    let ordered = 1 <= first && first <= second && second <= shape.channels;
    require(ordered, "memory_bank.bounding_axes", || {
        format!(
            "{first} and {second} are not ascending numbers from 1 to {}",
            shape.channels
        )
    })
}
