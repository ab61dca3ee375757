//! Many pictures at once: while the network computes one, the next are decoded and the
//! map of the one before is made.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use rayon::ThreadPool;

use super::batch::Described;
use super::intake::{Intake, Prepared};
use super::pending::Pending;
use super::{InspectError, Inspection, Inspector, ToSource};
use crate::cancellation::Cancellation;

/// Pictures that wait, decoded, for the network: bounds on the number of threads.
const FEWEST_PREPARED: usize = 2;
const MOST_PREPARED: usize = 8;

/// The inspections of many pictures, in the order of the pictures; see
/// [`Inspector::inspect_each`].
///
/// Dropped early, it lets the pictures that were begun come to their end elsewhere.
#[derive(Debug)]
pub struct Inspections<'a, P> {
    inspector: &'a mut Inspector,
    tickets: Receiver<Ticket<P>>,
    feeder: Option<JoinHandle<()>>,
    described: VecDeque<(P, Pending<Inspection>)>,
    cancellation: Option<Cancellation>,
}

/// A picture that is being prepared.
type Ticket<P> = (P, Pending<Prepared>);

impl Inspector {
    /// Inspects pictures, decoding, network and head at the same time for different pictures.
    /// The entries are paths, [sources](super::Source), or what else implements [`ToSource`].
    ///
    /// Gives for each entry, in their order, what [`inspect`](Self::inspect) gives, to the
    /// last bit. Only the times of the stages are longer, because the stages share the
    /// processor. A picture that cannot be inspected does not stop the others.
    ///
    /// `entries` is read on a thread of its own, no more than two batches and eight pictures
    /// (or a third batch) ahead of the results, which also bounds the memory taken. Where
    /// pictures are kept, two take the place of the eight. A finished result is given before
    /// the network takes another picture, and no batch waits for `entries`: it is made of the
    /// pictures that were begun, and which ones these are depends on the time they take.
    pub fn inspect_each<I>(&mut self, entries: I) -> Result<Inspections<'_, I::Item>, InspectError>
    where
        I: IntoIterator<IntoIter: Send + 'static, Item: ToSource + Send + 'static>,
    {
        self.queue(entries.into_iter(), None)
    }

    /// Inspects pictures as [`inspect_each`](Self::inspect_each) does, until `cancellation`
    /// asks for the end. Each picture that is not finished by then has the error
    /// [`InspectError::Cancelled`]; drop the iterator in order to leave the rest.
    pub fn inspect_each_cancellable<I>(
        &mut self,
        entries: I,
        cancellation: &Cancellation,
    ) -> Result<Inspections<'_, I::Item>, InspectError>
    where
        I: IntoIterator<IntoIter: Send + 'static, Item: ToSource + Send + 'static>,
    {
        self.queue(entries.into_iter(), Some(cancellation.clone()))
    }

    fn queue<P: ToSource + Send + 'static>(
        &mut self,
        entries: impl Iterator<Item = P> + Send + 'static,
        cancellation: Option<Cancellation>,
    ) -> Result<Inspections<'_, P>, InspectError> {
        let (sender, tickets) = sync_channel(self.most_ahead());
        let preparation = Preparation {
            intake: Arc::clone(&self.intake),
            pool: self.workers.pool()?,
            cancellation: cancellation.clone(),
        };
        let feeder = thread::Builder::new()
            .name("cfa-pictures".to_owned())
            .spawn(move || preparation.feed(entries, &sender))
            .map_err(InspectError::Feeder)?;
        Ok(Inspections {
            inspector: self,
            tickets,
            feeder: Some(feeder),
            described: VecDeque::new(),
            cancellation,
        })
    }

    /// How many pictures may wait for the network. The next batch is prepared while one is in
    /// the network.
    fn most_ahead(&self) -> usize {
        let most = if self.intake.keep_pictures {
            FEWEST_PREPARED
        } else {
            MOST_PREPARED
        };
        let ahead = self.threads().clamp(FEWEST_PREPARED, most);
        ahead.max(self.batch)
    }
}

/// What decoding needs, away from the inspector.
struct Preparation {
    intake: Arc<Intake>,
    pool: Arc<ThreadPool>,
    cancellation: Option<Cancellation>,
}

impl Preparation {
    /// Begins one picture after the other, until the entries end or the iterator is dropped.
    fn feed<P: ToSource>(&self, entries: impl Iterator<Item = P>, tickets: &SyncSender<Ticket<P>>) {
        for entry in entries {
            let (intake, source) = (Arc::clone(&self.intake), entry.to_source());
            let cancellation = self.cancellation.clone();
            let prepared = Pending::in_pool(&self.pool, move || {
                intake.prepare(source, cancellation.as_ref(), None)
            });
            if tickets.send((entry, prepared)).is_err() {
                return;
            }
        }
    }
}

impl<P> Inspections<'_, P> {
    /// The next picture for the network. Waits for one only if nothing else is left to do.
    /// `None` means that there is no other picture now, or none at all.
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

    /// Entries that panic do so here, instead of looking like the end of the entries.
    fn join_feeder(&mut self) {
        if let Some(Err(panic)) = self.feeder.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
    }

    /// Runs the network on a picture and on those that have come while it was prepared, and
    /// leaves the rest to the pool.
    fn describe(&mut self, (entry, prepared): Ticket<P>) {
        let (mut entries, mut batch) = (vec![entry], vec![prepared.wait()]);
        while rows(&batch) < self.inspector.batch
            && let Ok((entry, prepared)) = self.tickets.try_recv()
        {
            entries.push(entry);
            batch.push(prepared.wait());
        }
        let described = self.inspector.describe(batch, self.cancellation.as_ref());
        let inspections = described.into_iter().map(|one| self.finish(one));
        let inspections: Vec<_> = entries.into_iter().zip(inspections).collect();
        self.described.extend(inspections);
    }

    /// A picture that was begun. Does not wait, because in a forked process the threads that
    /// prepare it do not exist.
    fn begun(&mut self) -> Option<P> {
        let described = self.described.pop_front().map(|(entry, _result)| entry);
        described.or_else(|| self.tickets.try_recv().ok().map(|(entry, _prepared)| entry))
    }

    /// Whether the next result has arrived.
    fn first_is_ready(&mut self) -> bool {
        let first = self.described.front_mut();
        first.is_some_and(|(_entry, inspection)| inspection.is_ready())
    }

    fn finish(&self, described: Result<Described, InspectError>) -> Pending<Inspection> {
        let pool = self.inspector.workers.pool();
        let (described, pool) = match described.and_then(|one| Ok((one, pool?))) {
            Ok(ready) => ready,
            Err(error) => return Pending::failed(error),
        };
        let model = Arc::clone(&self.inspector.model);
        let (rule, helpers) = (self.inspector.rule, self.inspector.workers.helpers.clone());
        let cancellation = self.cancellation.clone();
        Pending::in_pool(&pool, move || {
            helpers.keep_off_this_core();
            model.finish(described, rule, cancellation.as_ref(), None)
        })
    }
}

/// How many rows of a batch the pictures take; one that has failed counts as one.
fn rows(batch: &[Result<Prepared, InspectError>]) -> usize {
    let rows = |one: &Result<Prepared, _>| one.as_ref().map_or(1, |picture| picture.rows.len());
    batch.iter().map(rows).sum()
}

impl<P> Iterator for Inspections<'_, P> {
    type Item = (P, Result<Inspection, InspectError>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.inspector.workers.pool() {
            return self.begun().map(|entry| (entry, Err(error.into())));
        }
        // While one batch is in the network, the maps of the batch before are made.
        while self.described.len() <= self.inspector.batch
            && !self.first_is_ready()
            && let Some(ticket) = self.next_ticket()
        {
            self.describe(ticket);
        }
        let (entry, inspection) = self.described.pop_front()?;
        Some((entry, inspection.wait()))
    }
}
