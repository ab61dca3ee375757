//! The first stage of an inspection: from a source to the rows that the network takes.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Instant;

use ndarray::Array3;
use rayon::ThreadPool;

use super::{Held, InspectError, InspectorOptions, PictureSize, Source, StageTimes};
use crate::cancellation::Cancellation;
use crate::cfa::head::milliseconds_since;
use crate::picture::{Picture, PictureError, ReadOptions};
use crate::preprocess::{DepthRemark, Preprocessing};

/// How one inspector takes pictures in: the model's recipe as the options change it.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    pub(super) recipe: Preprocessing,
    pub(super) reading: ReadOptions,
    /// Whether inspections hold their picture.
    pub(super) keep_pictures: bool,
}

/// A picture as the network takes it.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The rows of a batch that the picture needs, at least one, each 3 × height × width and
    /// normalised.
    pub(super) rows: Vec<Array3<f32>>,
    pub(super) origin: Origin,
    /// The times of decoding and preprocessing; the other stages are 0.
    pub(super) times: StageTimes,
}

/// What the inspection reports of the picture itself.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) size: PictureSize,
    pub(super) white_level: Option<NonZeroU16>,
    pub(super) depth_remark: Option<DepthRemark>,
    /// See [`Picture::damage`].
    pub(super) damage: Option<String>,
    /// `None` unless pictures are kept.
    pub(super) picture: Option<Arc<Picture>>,
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

    /// Decodes a picture and prepares it. Decoding runs on the calling thread, the rest in
    /// `workers`, or in the current rayon pool.
    pub(super) fn prepare(
        &self,
        source: Source<'_>,
        cancellation: Option<&Cancellation>,
        workers: Option<&ThreadPool>,
    ) -> Result<Prepared, InspectError> {
        unless_cancelled(cancellation, || {
            let (picture, decode_ms) = self.decode(source)?;
            let prepare = || self.prepare_decoded(&picture, decode_ms);
            let mut prepared = match workers {
                Some(workers) => workers.install(prepare),
                None => prepare(),
            }?;
            if self.keep_pictures {
                prepared.origin.picture = picture.shared();
            }
            Ok(prepared)
        })
    }

    /// The decoded picture and how long that took; 0 for one that the caller has decoded.
    fn decode<'a>(&self, source: Source<'a>) -> Result<(Held<'a, Picture>, f64), PictureError> {
        let started = Instant::now();
        let picture = match source {
            Source::Frame(picture) => return Ok((picture, 0.0)),
            Source::Bytes(encoded) => Picture::decode(&encoded, &self.reading),
            Source::Path(path) => Picture::open(&path, &self.reading),
        }?;
        let decode_ms = milliseconds_since(started);
        Ok((Held::Shared(Arc::new(picture)), decode_ms))
    }

    /// Resizes, crops and normalises.
    fn prepare_decoded(&self, picture: &Picture, decode_ms: f64) -> Result<Prepared, InspectError> {
        let started = Instant::now();
        let rows = vec![self.recipe.apply(picture)?];
        let origin = self.origin(picture);
        let times = StageTimes {
            decode_ms,
            preprocess_ms: milliseconds_since(started),
            ..StageTimes::default()
        };
        Ok(Prepared {
            rows,
            origin,
            times,
        })
    }

    fn origin(&self, picture: &Picture) -> Origin {
        Origin {
            size: PictureSize {
                width_px: picture.width_px(),
                height_px: picture.height_px(),
            },
            white_level: self.recipe.parts().white_level,
            depth_remark: self.recipe.depth_remark(picture),
            damage: picture.damage().map(str::to_owned),
            picture: None,
        }
    }
}

/// Runs a stage unless the end was asked for. The error of a stage that was stopped in its
/// middle says nothing about the picture, so it becomes [`InspectError::Cancelled`].
pub(super) fn unless_cancelled<T>(
    cancellation: Option<&Cancellation>,
    stage: impl FnOnce() -> Result<T, InspectError>,
) -> Result<T, InspectError> {
    let cancelled = || cancellation.is_some_and(Cancellation::is_cancelled);
    if cancelled() {
        return Err(InspectError::Cancelled);
    }
    stage().map_err(|error| {
        if cancelled() {
            InspectError::Cancelled
        } else {
            error
        }
    })
}
