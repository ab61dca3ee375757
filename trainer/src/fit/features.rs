//! Pooled backbone features, computed once: the backbone is frozen and pictures
//! are not augmented, so they are the same in every epoch.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use cfa_runtime::picture::{Limits, Picture};
use cfa_runtime::preprocess::Preprocessing;
use rayon::prelude::*;
use serde::Serialize;
use tch::{Device, TchError, Tensor, no_grad};

use super::{CheckedSettings, FitEvent, FitObserver, FitRequest, folder_of};
use crate::error::TrainError;
use crate::network::{Parameters, TorchNetwork};
use crate::tensor;
use crate::weights::Weights;

/// Pictures that go through the backbone at once.
const BATCH: usize = 8;

/// The three pooled feature maps of N pictures (N×Cᵢ×hᵢ×wᵢ), highest resolution
/// first.
pub type PooledMaps = [Tensor; 3];

/// Frozen backbone and 3×3 pooling.
#[derive(Debug)]
pub struct FeatureExtractor {
    network: TorchNetwork,
    preprocessing: Preprocessing,
    device: Device,
}

impl FeatureExtractor {
    /// Loads the backbone of `settings`.
    ///
    /// # Errors
    /// The weights lack a tensor, or the device's memory runs out.
    pub fn new(
        settings: &CheckedSettings,
        weights: &Weights,
        device: Device,
    ) -> Result<Self, TrainError> {
        let graph = settings.pooled_graph();
        Ok(Self {
            network: network(graph, &weights.tensors, device)?,
            preprocessing: settings.preprocessing().clone(),
            device,
        })
    }

    /// Pooled maps of normalised pictures (N×3×H×W), without gradient.
    ///
    /// # Errors
    /// Memory runs out.
    pub fn pooled(&self, pictures: &Tensor) -> Result<PooledMaps, TchError> {
        let maps = no_grad(|| self.network.forward(&[pictures.f_to_device(self.device)?]))?;
        maps.try_into()
            .map_err(|_| TchError::Shape("the backbone has not three taps".into()))
    }

    /// Pooled maps of decoded pictures.
    ///
    /// # Errors
    /// A picture cannot be resized, or memory runs out.
    pub fn pooled_of_pictures(&self, pictures: &[Picture]) -> Result<PooledMaps, TrainError> {
        let preprocessing = &self.preprocessing;
        let inputs: Vec<Vec<f32>> = pictures
            .par_iter()
            .map(|picture| Ok(preprocessing.apply(picture)?.into_iter().collect()))
            .collect::<Result<_, TrainError>>()?;
        let size = self.preprocessing.input_size();
        let shape = [pictures.len(), 3, size.height, size.width];
        Ok(self.pooled(&tensor::from_values(&inputs.concat(), &shape)?)?)
    }
}

fn network(
    graph: crate::network::Graph,
    parameters: &Parameters,
    device: Device,
) -> Result<TorchNetwork, TchError> {
    TorchNetwork::new(graph, parameters, device)
}

/// How much the features take and where they will be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CachePlan {
    /// Size of all features.
    pub bytes: u64,
    /// In a temporary file beside the bundle rather than in memory.
    pub on_disk: bool,
}

/// The features of every training picture, in order.
#[derive(Debug)]
pub struct FeatureStore {
    shapes: [[usize; 3]; 3],
    pictures: usize,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<f32>),
    Disk { file: File, folder: PathBuf },
}

impl FeatureStore {
    /// Room for pictures with maps of the given shapes (C, h, w); in a nameless
    /// file in `folder` when `on_disk`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn new(shapes: [[usize; 3]; 3], on_disk: bool, folder: &Path) -> Result<Self, TrainError> {
        let place = if on_disk {
            let file = tempfile::tempfile_in(folder).map_err(|e| disk_error(folder, e))?;
            Place::Disk {
                file,
                folder: folder.to_owned(),
            }
        } else {
            Place::Memory(Vec::new())
        };
        Ok(Self {
            shapes,
            pictures: 0,
            place,
        })
    }

    /// Room in memory for pictures under these settings.
    ///
    /// # Errors
    /// None; it is fallible as [`FeatureStore::new`] is.
    pub(crate) fn in_memory(settings: &CheckedSettings) -> Result<Self, TrainError> {
        Self::new(map_shapes(settings), false, Path::new(""))
    }

    /// Number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pictures
    }

    /// Whether there is no picture.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pictures == 0
    }

    /// f32 values of one picture.
    fn values_per_picture(&self) -> usize {
        values_per_picture(&self.shapes)
    }

    /// Adds the maps of one or more pictures.
    ///
    /// # Errors
    /// The disk is full, or the copy from the device fails.
    pub fn push(&mut self, maps: &PooledMaps) -> Result<(), TrainError> {
        let batch = maps[0].size4()?.0;
        for i in 0..batch {
            for map in maps {
                let values = tensor::host_values(&map.f_get(i)?)?;
                match &mut self.place {
                    Place::Memory(all) => all.extend_from_slice(&values),
                    Place::Disk { file, folder } => {
                        write_values(file, &values).map_err(|e| disk_error(folder, e))?;
                    }
                }
            }
            self.pictures += 1;
        }
        Ok(())
    }

    /// The maps of the pictures with these indices, in that order, on `device`.
    ///
    /// # Errors
    /// The file cannot be read, or the device's memory runs out.
    pub fn batch(&mut self, indices: &[usize], device: Device) -> Result<PooledMaps, TrainError> {
        let mut maps: [Vec<f32>; 3] = Default::default();
        for &index in indices {
            let record = self.record(index)?;
            let mut rest = record.as_slice();
            for (map, shape) in maps.iter_mut().zip(&self.shapes) {
                let (values, tail) = rest.split_at(shape.iter().product());
                map.extend_from_slice(values);
                rest = tail;
            }
        }
        let load = |i: usize| -> Result<Tensor, TchError> {
            let [c, h, w] = self.shapes[i];
            tensor::from_values(&maps[i], &[indices.len(), c, h, w])?.f_to_device(device)
        };
        Ok([load(0)?, load(1)?, load(2)?])
    }

    fn record(&mut self, index: usize) -> Result<Vec<f32>, TrainError> {
        let length = self.values_per_picture();
        match &mut self.place {
            Place::Memory(all) => Ok(all[index * length..(index + 1) * length].to_vec()),
            Place::Disk { file, folder } => {
                read_values(file, index * length, length).map_err(|e| disk_error(folder, e))
            }
        }
    }
}

fn values_per_picture(shapes: &[[usize; 3]; 3]) -> usize {
    shapes
        .iter()
        .map(|shape| shape.iter().product::<usize>())
        .sum()
}

fn write_values(file: &mut File, values: &[f32]) -> std::io::Result<()> {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    file.write_all(&bytes)
}

fn read_values(file: &mut File, first: usize, count: usize) -> std::io::Result<Vec<f32>> {
    let mut bytes = vec![0; count * size_of::<f32>()];
    file.seek(SeekFrom::Start((first * size_of::<f32>()) as u64))?;
    file.read_exact(&mut bytes)?;
    let (values, _) = bytes.as_chunks::<4>();
    Ok(values.iter().map(|b| f32::from_le_bytes(*b)).collect())
}

fn disk_error(folder: &Path, source: std::io::Error) -> TrainError {
    TrainError::File {
        path: folder.to_owned(),
        action: "cannot keep the features here; free some space, or raise --feature-memory so that they stay in memory",
        source,
    }
}

/// Computes the features of all pictures.
pub(super) fn extract(
    request: &FitRequest,
    settings: &CheckedSettings,
    extractor: &FeatureExtractor,
    pictures: &[PathBuf],
    observer: &mut dyn FitObserver,
) -> Result<FeatureStore, TrainError> {
    let shapes = map_shapes(settings);
    let bytes = (pictures.len() * values_per_picture(&shapes) * size_of::<f32>()) as u64;
    let on_disk = bytes > request.feature_memory_bytes;
    observer.event(&FitEvent::Cache(CachePlan { bytes, on_disk }));
    let mut store = FeatureStore::new(shapes, on_disk, folder_of(&request.bundle))?;
    for batch in pictures.chunks(BATCH) {
        if observer.interrupted() {
            return Err(TrainError::InterruptedEarly);
        }
        let decoded = batch
            .par_iter()
            .map(|path| Ok(Picture::open(path, &Limits::default())?))
            .collect::<Result<Vec<_>, TrainError>>()?;
        let pooled = extractor
            .pooled_of_pictures(&decoded)
            .map_err(|error| name_unprepared(error, batch, &decoded, settings))?;
        store.push(&pooled)?;
        observer.event(&FitEvent::Features {
            done: store.len(),
            pictures: pictures.len(),
        });
    }
    Ok(store)
}

/// Names the picture of a batch that cannot be prepared.
fn name_unprepared(
    error: TrainError,
    paths: &[PathBuf],
    pictures: &[Picture],
    settings: &CheckedSettings,
) -> TrainError {
    let TrainError::Preprocess(source) = error else {
        return error;
    };
    let prepared = pictures
        .iter()
        .map(|picture| settings.preprocessing().apply(picture));
    let failed = prepared.zip(paths).find(|(prepared, _)| prepared.is_err());
    match failed {
        Some((_, path)) => TrainError::Unprepared {
            path: path.clone(),
            source,
        },
        None => source.into(),
    }
}

/// Shapes (C, h, w) of the three pooled maps.
pub(crate) fn map_shapes(settings: &CheckedSettings) -> [[usize; 3]; 3] {
    let graph = settings.pooled_graph();
    let input = settings.preprocessing().input_size();
    let sizes = graph.sizes(input.height, input.width).unwrap_or_default();
    let mut shapes = [[0; 3]; 3];
    for (shape, &tap) in shapes.iter_mut().zip(graph.outputs()) {
        let (h, w) = sizes.get(tap.index()).copied().unwrap_or_default();
        *shape = [graph.channels(tap), h, w];
    }
    shapes
}
