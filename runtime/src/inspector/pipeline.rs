//! Many pictures at once: while the network computes one, the next are decoded and the
//! map of the one before is made.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use rayon::ThreadPool;

use super::intake::Intake;
use super::stages::{Described, Prepared};
use super::{InspectError, Inspection, Inspector};

/// Pictures that wait, decoded, for the network: bounds on the number of threads.
const FEWEST_PREPARED: usize = 2;
const MOST_PREPARED: usize = 8;

/// The inspections of many picture files, in the order of the files; see
/// [`Inspector::inspect_each`].
///
/// Dropped early, it lets the pictures that were begun come to their end elsewhere.
#[derive(Debug)]
pub struct Inspections<'a, P> {
    inspector: &'a mut Inspector,
    tickets: Receiver<Ticket<P>>,
    feeder: Option<JoinHandle<()>>,
    described: VecDeque<(P, Pending<Inspection>)>,
}

/// A picture that is being prepared.
type Ticket<P> = (P, Pending<Prepared>);

impl Inspector {
    /// Inspects picture files, decoding, network and head at the same time for
    /// different pictures.
    ///
    /// Gives for each path, in their order, what [`inspect_path`](Self::inspect_path)
    /// gives, to the last bit. Only the times of the stages are longer, because the
    /// stages share the processor. A picture that cannot be inspected does not stop the
    /// others.
    ///
    /// `paths` is read on a thread of its own, no more than two batches and eight pictures (or
    /// a third batch) ahead of the results, which also bounds the memory taken. Where pictures
    /// are kept, two take the place of the eight. A result that
    /// is there is given before the network takes another picture, and no batch waits for
    /// `paths`: it is made of the pictures that were begun, and which ones these are depends
    /// on the time they take.
    pub fn inspect_each<I>(&mut self, paths: I) -> Result<Inspections<'_, I::Item>, InspectError>
    where
        I: IntoIterator<IntoIter: Send + 'static, Item: AsRef<Path> + Send + 'static>,
    {
        let most = if self.intake.keep_pictures {
            FEWEST_PREPARED
        } else {
            MOST_PREPARED
        };
        let ahead = self.threads().clamp(FEWEST_PREPARED, most);
        // The next batch is prepared while one is in the network.
        let ahead = ahead.max(self.batch);
        let (sender, tickets) = sync_channel(ahead);
        let preparation = Preparation {
            intake: Arc::clone(&self.intake),
            pool: self.pool()?,
        };
        let paths = paths.into_iter();
        let feeder = thread::Builder::new()
            .name("cfa-pictures".to_owned())
            .spawn(move || preparation.feed(paths, &sender))
            .map_err(InspectError::Feeder)?;
        Ok(Inspections {
            inspector: self,
            tickets,
            feeder: Some(feeder),
            described: VecDeque::new(),
        })
    }
}

/// What decoding needs, away from the inspector.
struct Preparation {
    intake: Arc<Intake>,
    pool: Arc<ThreadPool>,
}

impl Preparation {
    /// Until the paths end or nobody takes the tickets any more.
    fn feed<P: AsRef<Path>>(
        &self,
        paths: impl Iterator<Item = P>,
        tickets: &SyncSender<Ticket<P>>,
    ) {
        for path in paths {
            let intake = Arc::clone(&self.intake);
            let file = path.as_ref().to_owned();
            let prepared = Pending::in_pool(&self.pool, move || intake.prepare_file(&file));
            if tickets.send((path, prepared)).is_err() {
                return;
            }
        }
    }
}

impl<P> Inspections<'_, P> {
    /// The next picture for the network: waits for one only if there is nothing else to
    /// do. `None`: there is no other now, or none at all.
    fn next_ticket(&mut self) -> Option<Ticket<P>> {
        let ticket = match self.tickets.try_recv() {
            Err(TryRecvError::Empty) if self.described.is_empty() => self.tickets.recv().ok(),
            other => other.ok(),
        };
        if ticket.is_none() && self.described.is_empty() {
            self.join_feeder();
        }
        ticket
    }

    /// Paths that panic do so here, instead of looking like the end of the paths.
    fn join_feeder(&mut self) {
        if let Some(Err(panic)) = self.feeder.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
    }

    /// Runs the network on a picture and on those that have come while it was prepared, and
    /// leaves the rest to the pool.
    fn describe(&mut self, (path, prepared): Ticket<P>) {
        let (mut paths, mut batch) = (vec![path], vec![prepared.wait()]);
        while batch.len() < self.inspector.batch
            && let Ok((path, prepared)) = self.tickets.try_recv()
        {
            paths.push(path);
            batch.push(prepared.wait());
        }
        let described = self.inspector.describe_each(batch);
        let inspections = described.into_iter().map(|one| self.finish(one));
        let inspections: Vec<_> = paths.into_iter().zip(inspections).collect();
        self.described.extend(inspections);
    }

    /// A picture that was begun, without waiting for threads that may not be there.
    fn begun(&mut self) -> Option<P> {
        let described = self.described.pop_front().map(|(path, _result)| path);
        described.or_else(|| self.tickets.try_recv().ok().map(|(path, _prepared)| path))
    }

    /// Whether the next result is there.
    fn first_is_ready(&mut self) -> bool {
        let first = self.described.front_mut();
        first.is_some_and(|(_path, inspection)| inspection.is_ready())
    }

    fn finish(&self, described: Result<Described, InspectError>) -> Pending<Inspection> {
        let (described, pool) = match described.and_then(|one| Ok((one, self.inspector.pool()?))) {
            Ok(ready) => ready,
            Err(error) => return Pending::failed(error),
        };
        let settings = Arc::clone(&self.inspector.settings);
        let (rule, helpers) = (self.inspector.rule, self.inspector.helpers.clone());
        Pending::in_pool(&pool, move || {
            helpers.keep_off_this_core();
            settings.finish(&described, rule, None, None)
        })
    }
}

impl<P> Iterator for Inspections<'_, P> {
    type Item = (P, Result<Inspection, InspectError>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.inspector.pool() {
            return self.begun().map(|path| (path, Err(error)));
        }
        // Beside a batch in the network, the maps of the one before are made.
        while self.described.len() <= self.inspector.batch
            && !self.first_is_ready()
            && let Some(ticket) = self.next_ticket()
        {
            self.describe(ticket);
        }
        let (path, inspection) = self.described.pop_front()?;
        Some((path, inspection.wait()))
    }
}

/// A result that another thread is working on.
#[derive(Debug)]
struct Pending<T> {
    result: Receiver<Result<T, InspectError>>,
    arrived: Option<Result<T, InspectError>>,
}

impl<T: Send + 'static> Pending<T> {
    fn in_pool(
        pool: &ThreadPool,
        work: impl FnOnce() -> Result<T, InspectError> + Send + 'static,
    ) -> Self {
        let (sender, result) = sync_channel(1);
        // Nobody waits any more when the iterator was dropped early.
        pool.spawn(move || drop(sender.send(work())));
        Self {
            result,
            arrived: None,
        }
    }

    fn failed(error: InspectError) -> Self {
        let (_nobody, result) = sync_channel(1);
        Self {
            result,
            arrived: Some(Err(error)),
        }
    }

    /// Whether waiting takes no time.
    fn is_ready(&mut self) -> bool {
        if self.arrived.is_none() {
            self.arrived = match self.result.try_recv() {
                Ok(result) => Some(result),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Err(InspectError::Abandoned)),
            };
        }
        self.arrived.is_some()
    }

    fn wait(self) -> Result<T, InspectError> {
        let wait = || self.result.recv().unwrap_or(Err(InspectError::Abandoned));
        self.arrived.unwrap_or_else(wait)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "for tests only")]

    use super::super::pool;
    use super::*;
    use crate::cores::Helpers;

    #[test]
    fn work_that_panics_is_an_error_of_its_picture() {
        let pool = pool(1, &Helpers::default()).unwrap();
        let lost = Pending::<()>::in_pool(&pool, || panic!("as this test wants it"));
        assert!(matches!(lost.wait(), Err(InspectError::Abandoned)));
        assert_eq!(Pending::in_pool(&pool, || Ok(7)).wait().unwrap(), 7);
    }

    #[test]
    fn a_result_that_was_seen_to_be_there_is_still_given() {
        let (sender, result) = sync_channel(1);
        let mut pending = Pending {
            result,
            arrived: None,
        };
        assert!(!pending.is_ready());
        sender.send(Ok(7)).unwrap();
        assert!(pending.is_ready() && pending.is_ready());
        assert_eq!(pending.wait().unwrap(), 7);
        let mut lost = Pending::<()>::in_pool(&pool(1, &Helpers::default()).unwrap(), || {
            panic!("as this test wants it")
        });
        while !lost.is_ready() {
            thread::yield_now();
        }
        assert!(matches!(lost.wait(), Err(InspectError::Abandoned)));
    }
}
