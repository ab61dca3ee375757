//! The features of the training pictures, in memory or on disk.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tch::{Device, TchError, Tensor};

use super::settings::CheckedSettings;
use crate::error::TrainError;
use crate::network::PooledMaps;
use crate::tensor;

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
    Disk {
        file: File,
        folder: PathBuf,
        /// The picture that was read last.
        read: Vec<f32>,
    },
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
                read: Vec::new(),
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
    pub fn in_memory(settings: &CheckedSettings) -> Result<Self, TrainError> {
        Self::new(settings.map_shapes(), false, Path::new(""))
    }

    /// Takes memory for exactly so many more pictures, rather than twice what there is
    /// each time that more is needed.
    pub(super) fn reserve(&mut self, pictures: usize) {
        let values = pictures * self.values_per_picture();
        if let Place::Memory(all) = &mut self.place {
            all.reserve_exact(values);
        }
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
    /// Maps of other shapes, the disk is full, or the copy from the device fails.
    pub fn push(&mut self, maps: &PooledMaps) -> Result<(), TrainError> {
        let batch = maps[0].size4()?.0;
        self.require_shapes(maps, batch)?;
        let end = (self.pictures * self.values_per_picture() * size_of::<f32>()) as u64;
        if let Place::Disk { file, folder, .. } = &mut self.place {
            // Reading has moved the place in the file.
            let sought = file.seek(SeekFrom::Start(end));
            sought.map_err(|e| disk_error(folder, e))?;
        }
        for i in 0..batch {
            for map in maps {
                let values = tensor::host_values(&map.f_get(i)?)?;
                match &mut self.place {
                    Place::Memory(all) => all.extend_from_slice(&values),
                    Place::Disk { file, folder, .. } => {
                        write_values(file, &values).map_err(|e| disk_error(folder, e))?;
                    }
                }
            }
            self.pictures += 1;
        }
        Ok(())
    }

    fn require_shapes(&self, maps: &PooledMaps, batch: i64) -> Result<(), TchError> {
        for (map, [c, h, w]) in maps.iter().zip(self.shapes) {
            let (found, expected) = (map.size(), [batch, c as i64, h as i64, w as i64]);
            if found != expected {
                let message = format!("features of shape {found:?} instead of {expected:?}");
                return Err(TchError::Shape(message));
            }
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
            let shapes = self.shapes;
            let mut rest = self.picture(index)?;
            for (map, shape) in maps.iter_mut().zip(&shapes) {
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

    /// The maps of one picture, one after the other, each channel by channel.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn picture(&mut self, index: usize) -> Result<&[f32], TrainError> {
        let length = self.values_per_picture();
        match &mut self.place {
            Place::Memory(all) => Ok(&all[index * length..(index + 1) * length]),
            Place::Disk { file, folder, read } => {
                *read =
                    read_values(file, index * length, length).map_err(|e| disk_error(folder, e))?;
                Ok(read)
            }
        }
    }
}

pub(super) fn values_per_picture(shapes: &[[usize; 3]; 3]) -> usize {
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
        action: "cannot keep the features here; free some space, or allow more memory for features",
        source,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::testing::{f64_values, noise_tensor};

    const SHAPES: [[usize; 3]; 3] = [[2, 4, 4], [3, 2, 2], [1, 1, 1]];

    fn maps(seed: u64) -> PooledMaps {
        SHAPES.map(|[c, h, w]| noise_tensor(seed, &[1, c, h, w]))
    }

    #[test]
    fn pictures_may_be_added_after_some_were_read() {
        for on_disk in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let mut store = FeatureStore::new(SHAPES, on_disk, folder.path()).unwrap();
            for seed in 0..3 {
                store.push(&maps(seed)).unwrap();
                store.picture(0).unwrap();
            }
            for seed in 0..3 {
                let read = store.batch(&[seed as usize], Device::Cpu).unwrap();
                for (map, expected) in read.iter().zip(&maps(seed)) {
                    assert_eq!(f64_values(map), f64_values(expected), "{seed}, {on_disk}");
                }
            }
        }
    }

    #[test]
    fn maps_of_other_shapes_are_refused() {
        let mut store = FeatureStore::new(SHAPES, false, Path::new("")).unwrap();
        let [first, second, third] = maps(0);
        let error = store.push(&[second, first, third]).unwrap_err();
        assert!(error.to_string().contains("instead of"), "{error}");
        assert!(store.is_empty());
    }
}
