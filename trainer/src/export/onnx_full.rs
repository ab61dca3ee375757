//! A bundle as one self-contained ONNX file, checked before it appears.

use std::io;
use std::path::{Path, PathBuf};

use cfa_runtime::BrokenInvariant;
use cfa_runtime::bundle::{Bundle, BundleError, NetworkPrecision};
use cfa_runtime::inspector::{InspectError, Inspector, InspectorOptions, OpenError};
use cfa_runtime::ndarray::{Array2, Array4, Axis};
use cfa_runtime::network::{NetworkError, OnnxRuntime};
use cfa_runtime::picture::{Picture, PictureError};
use cfa_runtime::training_support::WholeModel;
use cfa_runtime::write_atomically;
use image::imageops::{self, FilterType};
use serde::Serialize;

use super::golden::drawing;
use crate::export::onnx::{FullInput, FullOnnxError, encode_full};

/// Largest difference of raw maps allowed between the file and the runtime, absolute;
/// times the map's maximum where that exceeds 1. Distances are rounded to 6e-8 of
/// themselves, the features before them to about 1e-5.
const TOLERANCE: f32 = 1e-4;

/// What to export, and where to.
#[derive(Debug, Clone)]
pub struct OnnxFullRequest {
    /// The bundle.
    pub bundle: PathBuf,
    /// The file to write.
    pub out: PathBuf,
    /// Size of the pictures that it will take.
    pub input: FullInput,
    /// Threads for the check.
    pub threads: usize,
}

/// What was written, and how well it agrees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnnxFullSummary {
    /// The written file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: usize,
    /// One entry for each picture that it was checked on.
    pub checks: Vec<OnnxFullCheck>,
}

/// The comparison on one picture. Differences are absolute, of raw values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnnxFullCheck {
    /// Where the picture came from.
    pub name: String,
    /// Maximum of the runtime's map: the score.
    pub score: f32,
    /// Largest difference from the map of the runtime.
    pub map_error: f32,
    /// Difference from its score.
    pub score_error: f32,
    /// Largest difference from the map that training recorded, where the picture is the
    /// recorded one.
    pub recorded_error: Option<f32>,
    /// Largest differences allowed: from the runtime, and from what was recorded.
    pub tolerances: [f32; 2],
}

impl OnnxFullCheck {
    /// Written so that differences which are no numbers fail.
    fn holds(&self) -> bool {
        let [runtime, recorded] = self.tolerances;
        self.map_error <= runtime
            && self.score_error <= runtime
            && self.recorded_error.is_none_or(|error| error <= recorded)
    }
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxFullError {
    /// The bundle cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// It cannot be written as one graph.
    #[error(transparent)]
    Encode(#[from] FullOnnxError),
    /// ONNX Runtime does not run the result.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The runtime does not run the bundle.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The runtime cannot open the bundle.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A picture to check with cannot be made.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A bug in this code.
    #[error(transparent)]
    Internal(#[from] BrokenInvariant),
    /// The results are not those of the runtime.
    #[error(
        "the ONNX file does not give the bundle's results and was not written: {0:?}; please report this"
    )]
    Differs(Box<OnnxFullCheck>),
    /// The file cannot be written.
    #[error("{path}: cannot write the ONNX file; name a file in an existing folder", path = path.display())]
    Write {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Encodes the bundle, runs the result beside the runtime, and writes it if they agree.
///
/// # Errors
/// See [`OnnxFullError`]; then there is no new file.
pub fn export_onnx_full(
    request: &OnnxFullRequest,
    library: &OnnxRuntime,
) -> Result<OnnxFullSummary, OnnxFullError> {
    let bundle = Bundle::open(&request.bundle)?;
    let onnx = encode_full(&bundle, request.input)?;
    let mut check = Comparison::new(&bundle, &onnx, library, request.threads)?;
    let mut checks = Vec::new();
    for sample in samples(&bundle, request.input)? {
        let result = check.compare(&sample, bundle.manifest().settings.golden_tolerance)?;
        if !result.holds() {
            return Err(OnnxFullError::Differs(Box::new(result)));
        }
        checks.push(result);
    }
    write(&request.out, &onnx)?;
    Ok(OnnxFullSummary {
        file: request.out.clone(),
        bytes: onnx.len(),
        checks,
    })
}

fn write(path: &Path, onnx: &[u8]) -> Result<(), OnnxFullError> {
    write_atomically(path, |file| file.write_all(onnx)).map_err(|source| OnnxFullError::Write {
        path: path.to_owned(),
        source,
    })
}

/// A picture to check with, and the map that was recorded for it.
struct Sample {
    name: String,
    picture: Picture,
    recorded: Option<Array2<f32>>,
}

/// The golden pictures, brought to the fixed input size if there is one; a drawing for a
/// bundle without.
fn samples(bundle: &Bundle, input: FullInput) -> Result<Vec<Sample>, OnnxFullError> {
    let mut samples = Vec::new();
    for (sample, record) in bundle.golden_samples() {
        samples.push(Sample {
            name: sample.name.clone(),
            picture: record.picture.clone(),
            recorded: Some(record.anomaly_map.clone()),
        });
    }
    if samples.is_empty() {
        let size = bundle.manifest().preprocessing.parts().resize;
        let (width, height) = (size.width as u32, size.height as u32);
        samples.push(Sample {
            name: "drawing".to_owned(),
            picture: Picture::from_rgb8(width, height, drawing(width, height).into_raw())?,
            recorded: None,
        });
    }
    if let FullInput::Fixed(size) = input {
        for sample in &mut samples {
            sample.fit(size.width as u32, size.height as u32)?;
        }
    }
    Ok(samples)
}

impl Sample {
    fn fit(&mut self, width: u32, height: u32) -> Result<(), PictureError> {
        if (self.picture.width_px(), self.picture.height_px()) != (width, height) {
            let resized =
                imageops::resize(&self.picture.to_rgb8(), width, height, FilterType::Triangle);
            self.picture = Picture::from_rgb8(width, height, resized.into_raw())?;
            self.recorded = None;
        }
        Ok(())
    }

    /// 1×3×height×width, samples in 0…1.
    fn input(&self) -> Array4<f32> {
        let rgb = self.picture.to_rgb8();
        let shape = (1, 3, rgb.height() as usize, rgb.width() as usize);
        Array4::from_shape_fn(shape, |(_, channel, y, x)| {
            f32::from(rgb.get_pixel(x as u32, y as u32).0[channel]) / 255.0
        })
    }
}

/// The file and the runtime side by side.
struct Comparison {
    whole: WholeModel,
    inspector: Inspector,
}

impl Comparison {
    fn new(
        bundle: &Bundle,
        onnx: &[u8],
        library: &OnnxRuntime,
        threads: usize,
    ) -> Result<Self, OnnxFullError> {
        let options = InspectorOptions {
            threads: Some(threads),
            ..InspectorOptions::default()
        };
        Ok(Self {
            whole: WholeModel::new(library, onnx, threads)?,
            inspector: Inspector::from_bundle(bundle.clone(), library, &options)?,
        })
    }

    fn compare(
        &mut self,
        sample: &Sample,
        golden_tolerance: f32,
    ) -> Result<OnnxFullCheck, OnnxFullError> {
        let expected = self.inspector.inspect(&sample.picture)?;
        let (scores, maps) = self.whole.run(&sample.input())?;
        let map = maps.index_axis_move(Axis(0), 0);
        let Some(&[score]) = scores.as_slice() else {
            return Err(BrokenInvariant("the file gives one score for one picture").into());
        };
        let runtime = match self.inspector.manifest().network_precision {
            // A resize that differs in the last bit may fall to another integer.
            NetworkPrecision::Int8 => golden_tolerance * expected.score,
            _ => TOLERANCE * expected.score.max(1.0),
        };
        Ok(OnnxFullCheck {
            name: sample.name.clone(),
            score: expected.score,
            map_error: largest_difference(&map, &expected.map.values),
            score_error: (score - expected.score).abs(),
            recorded_error: sample
                .recorded
                .as_ref()
                .map(|r| largest_difference(&map, r)),
            tolerances: [runtime, golden_tolerance * expected.score],
        })
    }
}

/// Not a number where one of the values is none, infinite for maps of two sizes.
fn largest_difference(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    if a.dim() != b.dim() {
        return f32::INFINITY;
    }
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(
        0.0,
        |most: f32, d| {
            if most.is_nan() || d <= most { most } else { d }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{Array2, largest_difference};

    #[test]
    fn what_is_no_number_counts_as_different() {
        let map = |values: [f32; 2]| Array2::from(vec![values]);
        let apart = |a, b| largest_difference(&map(a), &map(b));
        assert_eq!(apart([1.0, 2.0], [1.0, 2.5]).to_bits(), 0.5_f32.to_bits());
        assert!(apart([f32::NAN, 2.0], [1.0, 2.0]).is_nan());
        assert!(largest_difference(&Array2::zeros((1, 2)), &Array2::zeros((2, 1))).is_infinite());
    }
}
