//! Prepared pictures through the network, alone or several in one run.

use std::sync::Arc;
use std::time::Instant;

use ndarray::{Axis, stack};

use super::stages::{Described, Origin, Prepared};
use super::{ComputedBy, InspectError, Inspector, StageTimes};
use crate::cancellation::Cancellation;
use crate::cfa::head::milliseconds_since;
use crate::network::NetworkOutputs;

impl Inspector {
    /// Runs the network on a prepared picture.
    pub(super) fn describe(
        &mut self,
        prepared: Prepared,
        cancellation: Option<&Cancellation>,
    ) -> Result<Described, InspectError> {
        let Prepared {
            input,
            origin,
            times,
        } = prepared;
        let started = Instant::now();
        let input = input.insert_axis(Axis(0));
        let outputs = match cancellation {
            Some(cancellation) => self.network.run_cancellable(&input, cancellation),
            None => self.network.run(&input),
        }?;
        let run = self.finished(outputs, 1, started);
        Ok(run.described(0, origin, times))
    }

    /// The same for several pictures in one run; those that could not be prepared stay
    /// out of it.
    ///
    /// A run that fails is done again picture by picture, so that an error is that of the
    /// picture which causes it.
    pub(super) fn describe_each(
        &mut self,
        prepared: Vec<Result<Prepared, InspectError>>,
    ) -> Vec<Result<Described, InspectError>> {
        let Some(run) = self.run_together(&prepared) else {
            let alone = |one: Result<Prepared, _>| self.describe(one?, None);
            return prepared.into_iter().map(alone).collect();
        };
        let mut pictures = 0;
        let mut described = |one: Prepared| {
            pictures += 1;
            run.described(pictures - 1, one.origin, one.times)
        };
        let each = prepared.into_iter();
        each.map(|one| one.map(&mut described)).collect()
    }

    /// `None` for fewer than two pictures, or if the run fails.
    fn run_together(&mut self, prepared: &[Result<Prepared, InspectError>]) -> Option<Run> {
        let inputs: Vec<_> = prepared
            .iter()
            .flatten()
            .map(|one| one.input.view())
            .collect();
        if inputs.len() < 2 {
            return None;
        }
        let started = Instant::now();
        let outputs = self.network.run(&stack(Axis(0), &inputs).ok()?).ok()?;
        Some(self.finished(outputs, inputs.len(), started))
    }

    fn finished(&self, outputs: NetworkOutputs, pictures: usize, started: Instant) -> Run {
        Run {
            outputs: Arc::new(outputs),
            share_ms: milliseconds_since(started) / pictures as f64,
            by: ComputedBy {
                provider: self.network.provider(),
                precision: self.network.precision(),
                head: self.head,
                batch: pictures,
            },
        }
    }
}

/// What a run of the network gave.
struct Run {
    outputs: Arc<NetworkOutputs>,
    /// Each picture's part of the time.
    share_ms: f64,
    by: ComputedBy,
}

impl Run {
    /// The picture of this place in the batch.
    fn described(&self, index: usize, origin: Origin, times: StageTimes) -> Described {
        Described {
            outputs: Arc::clone(&self.outputs),
            index,
            by: self.by,
            origin,
            times: StageTimes {
                network_ms: self.share_ms,
                ..times
            },
        }
    }
}
