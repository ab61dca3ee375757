//! The second stage of an inspection: rows through the network, one or several in a run.

use std::sync::Arc;
use std::time::Instant;

use ndarray::{ArrayRef4, ArrayView3, Axis, stack};

use super::intake::{Origin, Prepared, unless_cancelled};
use super::{ComputedBy, InspectError, Inspector, StageTimes};
use crate::cancellation::Cancellation;
use crate::cfa::head::milliseconds_since;
use crate::invariant::BrokenInvariant;
use crate::network::NetworkOutputs;

/// A picture as the network has described it.
#[derive(Debug)]
pub(super) struct Described {
    /// One for each row of the picture, in their order.
    pub(super) rows: Vec<DescribedRow>,
    pub(super) origin: Origin,
    /// The times of the stages so far.
    pub(super) times: StageTimes,
}

/// What the network gave for one row of a run.
#[derive(Debug)]
pub(super) struct DescribedRow {
    run: Arc<Run>,
    index: usize,
}

/// A run of the network.
#[derive(Debug)]
struct Run {
    /// The outputs for all rows: the levels, or the map with one channel.
    outputs: NetworkOutputs,
    by: ComputedBy,
    /// Each row's part of the time.
    share_ms: f64,
}

impl DescribedRow {
    /// The levels of this row, or its map with one channel.
    ///
    /// # Errors
    /// The outputs have fewer values than their shapes say, which is a bug.
    pub(super) fn outputs(&self) -> Result<Vec<ArrayView3<'_, f32>>, BrokenInvariant> {
        self.run.outputs.picture(self.index)
    }

    pub(super) fn by(&self) -> ComputedBy {
        self.run.by
    }
}

impl Inspector {
    /// Runs the network on the rows of all pictures, at most
    /// [`batch`](super::InspectorOptions::batch) rows in a run. Pictures that could not be
    /// prepared keep their error.
    pub(super) fn describe(
        &mut self,
        pictures: Vec<Result<Prepared, InspectError>>,
        cancellation: Option<&Cancellation>,
    ) -> Vec<Result<Described, InspectError>> {
        let prepared = pictures.iter().flatten();
        let rows: Vec<_> = prepared
            .flat_map(|picture| picture.rows.iter().map(|row| row.view()))
            .collect();
        let mut described = Vec::with_capacity(rows.len());
        for run in rows.chunks(self.batch) {
            described.extend(self.describe_rows(run, cancellation));
        }
        drop(rows);
        let mut described = described.into_iter();
        pictures
            .into_iter()
            .map(|picture| Described::gather(picture?, &mut described))
            .collect()
    }

    /// A run that fails is done again row by row, so that an error is that of the row which
    /// causes it.
    fn describe_rows(
        &mut self,
        rows: &[ArrayView3<'_, f32>],
        cancellation: Option<&Cancellation>,
    ) -> Vec<Result<DescribedRow, InspectError>> {
        if rows.len() > 1
            && let Ok(run) = self.run_together(rows, cancellation)
        {
            return (0..rows.len()).map(|index| Ok(run.row(index))).collect();
        }
        let alone = rows.iter().map(|row| {
            let started = Instant::now();
            let input = row.view().insert_axis(Axis(0));
            let run = self.run(&input, started, cancellation)?;
            Ok(run.row(0))
        });
        alone.collect()
    }

    fn run_together(
        &mut self,
        rows: &[ArrayView3<'_, f32>],
        cancellation: Option<&Cancellation>,
    ) -> Result<Arc<Run>, InspectError> {
        let started = Instant::now();
        let input = stack(Axis(0), rows)
            .map_err(|_shape| BrokenInvariant("all rows of a batch have one shape"))?;
        self.run(&input, started, cancellation)
    }

    fn run(
        &mut self,
        input: &ArrayRef4<f32>,
        started: Instant,
        cancellation: Option<&Cancellation>,
    ) -> Result<Arc<Run>, InspectError> {
        let outputs = unless_cancelled(cancellation, || {
            Ok(match cancellation {
                Some(cancellation) => self.network.run_cancellable(input, cancellation),
                None => self.network.run(input),
            }?)
        })?;
        let rows = input.dim().0;
        Ok(Arc::new(Run {
            outputs,
            share_ms: milliseconds_since(started) / rows as f64,
            by: ComputedBy {
                provider: self.network.provider(),
                precision: self.network.precision(),
                head: self.head,
                batch: rows,
            },
        }))
    }
}

impl Run {
    fn row(self: &Arc<Self>, index: usize) -> DescribedRow {
        DescribedRow {
            run: Arc::clone(self),
            index,
        }
    }
}

impl Described {
    /// Takes the rows of a picture; an error of one is that of the picture.
    fn gather(
        prepared: Prepared,
        described: &mut impl Iterator<Item = Result<DescribedRow, InspectError>>,
    ) -> Result<Self, InspectError> {
        // All of them are taken, so that the next picture finds its own.
        let rows: Vec<_> = described.take(prepared.rows.len()).collect();
        let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
        let network_ms = rows.iter().map(|row| row.run.share_ms).sum();
        Ok(Self {
            rows,
            origin: prepared.origin,
            times: StageTimes {
                network_ms,
                ..prepared.times
            },
        })
    }
}
