//! Anomaly maps as files, in the layout that `MVTec`'s evaluation reads.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cfa_runtime::inspector::Inspection;
use cfa_runtime::render::{TiffError, map_in_picture, tiff_bytes};
use cfa_runtime::write_atomically;

use crate::dataset::TestPicture;

/// Writes maps to `<folder>/<object>/test/<defect>/<stem>.tiff`, 32-bit floating point,
/// in the size of the picture and so of its mask.
#[derive(Debug, Clone)]
pub struct MapFolder {
    /// `<folder>/<object>/test`.
    test: PathBuf,
}

/// The reason why maps cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapFolderError {
    /// Two pictures would have the same map file.
    #[error(
        "the maps of {} and {} would have the same file name; rename one of the pictures",
        first.display(), second.display()
    )]
    SameName {
        /// The earlier one.
        first: PathBuf,
        /// The later one.
        second: PathBuf,
    },
    /// The data folder has no name that maps could be filed under.
    #[error("{} has no folder name to file the maps under; give the folder's full path", data.display())]
    NoObject {
        /// The folder as it was given.
        data: PathBuf,
    },
    /// The maps' folder is that of the test pictures.
    #[error("maps would lie among the test pictures in {}; choose another folder for them", folder.display())]
    AmongPictures {
        /// The folder of the maps.
        folder: PathBuf,
    },
    /// The disk is full, the folder not writable, or the like.
    #[error("cannot write {}; check that the folder is writable and the disk not full", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The encoder refused the map.
    #[error(transparent)]
    Encode(#[from] TiffError),
}

impl MapFolder {
    /// Maps of these pictures below `folder`; the name of the folder `data`, where they
    /// come from, is the object's. Writes nothing yet.
    pub fn new(
        folder: &Path,
        data: &Path,
        pictures: &[TestPicture],
    ) -> Result<Self, MapFolderError> {
        // A path that cannot be resolved may still name the folder.
        let whole = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        let object = whole.file_name().ok_or_else(|| MapFolderError::NoObject {
            data: data.to_owned(),
        })?;
        let maps = Self {
            test: folder.join(object).join("test"),
        };
        let mut taken = BTreeMap::new();
        for picture in pictures {
            maps.keep_away_from(picture)?;
            if let Some(first) = taken.insert(maps.file(picture), &picture.path) {
                return Err(MapFolderError::SameName {
                    first: first.clone(),
                    second: picture.path.clone(),
                });
            }
        }
        Ok(maps)
    }

    /// Maps must not lie among the pictures that they are made of.
    fn keep_away_from(&self, picture: &TestPicture) -> Result<(), MapFolderError> {
        // A folder that does not exist yet holds no pictures.
        let folder = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
        let of_map = folder(&self.file(picture));
        if of_map.is_some() && of_map == folder(&picture.path) {
            return Err(MapFolderError::AmongPictures {
                folder: self.test.clone(),
            });
        }
        Ok(())
    }

    /// The file of the map of a picture.
    #[must_use]
    pub fn file(&self, picture: &TestPicture) -> PathBuf {
        // A picture always has a file name.
        let mut name = picture
            .path
            .file_stem()
            .map_or_else(OsString::new, OsStr::to_owned);
        name.push(".tiff");
        self.test.join(&picture.defect).join(name)
    }

    /// Writes the map of a picture in place of an older one; folders are made.
    ///
    /// The map is scaled to the picture bilinearly. Where a centre crop left the picture
    /// uninspected, the file holds the smallest value of the map.
    pub fn write(
        &self,
        picture: &TestPicture,
        inspection: &Inspection,
    ) -> Result<(), MapFolderError> {
        let path = self.file(picture);
        let bytes = tiff_bytes(&map_in_picture(inspection))?;
        // `file` always gives a path with three folders.
        let folder = path.parent().unwrap_or(&self.test);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| MapFolderError::Write { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        write_atomically(&path, |file| file.write_all(&bytes)).map_err(failed(&path))
    }
}
