//! Opening a network under a watch.

use std::ops::ControlFlow;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::error::NetworkError;
use super::failure::Failure;
use crate::cancellation::Cancellation;

/// Receives the time since the opening began, and decides whether the opening goes on.
pub type OpeningWatch<'a> = dyn FnMut(Duration) -> ControlFlow<()> + 'a;

/// The time between two calls of the watch.
const INTERVAL: Duration = Duration::from_millis(200);

/// Stops what the other thread does.
type Stop = Box<dyn Fn() + Send>;

/// Builds the options and opens the network with them. Where there is a watch, another thread
/// does so, and the watch is called on this one.
pub(super) fn open(
    build: impl FnOnce() -> ort::Result<SessionBuilder> + Send,
    commit: impl FnOnce(&mut SessionBuilder, &Cancellation) -> Result<Session, Failure> + Send,
    watch: Option<&mut OpeningWatch<'_>>,
) -> Result<Result<Session, Failure>, NetworkError> {
    let asked = Cancellation::new();
    let Some(watch) = watch else {
        let built = build().map_err(Failure::Start);
        return Ok(built.and_then(|mut builder| commit(&mut builder, &asked)));
    };
    let open = |sender: Sender<Stop>| {
        let mut builder = build().map_err(Failure::Start)?;
        let canceler = builder.canceler();
        let heard = asked.clone();
        let stop: Stop = Box::new(move || {
            heard.cancel();
            // It fails when ONNX Runtime has finished meanwhile, which does no harm.
            let _too_late = canceler.cancel();
        });
        // The receiver lives until this thread has ended.
        let _unheard = sender.send(stop);
        commit(&mut builder, &asked)
    };
    elsewhere(open, watch)
}

/// Does `work` on another thread. The work sends the way to stop it, and holds the sender
/// until it has ended.
fn elsewhere<T: Send>(
    work: impl FnOnce(Sender<Stop>) -> T + Send,
    watch: &mut OpeningWatch<'_>,
) -> Result<T, NetworkError> {
    let started = Instant::now();
    if watch(Duration::ZERO).is_break() {
        return Err(NetworkError::OpeningStopped);
    }
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .spawn_scoped(scope, move || work(sender))
            .map_err(NetworkError::Threads)?;
        let mut look = || watch(started.elapsed());
        let stopped = wait(&worker, &receiver, &mut look);
        let done = worker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        if stopped {
            return Err(NetworkError::OpeningStopped);
        }
        Ok(done)
    })
}

/// Waits until the worker has ended. Returns whether the watch has stopped it.
fn wait<T>(
    worker: &ScopedJoinHandle<'_, T>,
    receiver: &Receiver<Stop>,
    look: &mut dyn FnMut() -> ControlFlow<()>,
) -> bool {
    let mut stop = None;
    let mut stopped = false;
    while !worker.is_finished() {
        match receiver.recv_timeout(INTERVAL) {
            Ok(received) => stop = Some(received),
            // The sender was dropped with the worker's closure, so the work is done.
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => stopped = stopped || look().is_break(),
        }
        if let (true, Some(stop)) = (stopped, &stop) {
            stop();
        }
    }
    stopped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "for tests only")]
    use super::*;

    /// Runs like a provider that compiles: until it is stopped, or for 30 s.
    fn slow(sender: Sender<Stop>) -> bool {
        let asked = Cancellation::new();
        let heard = asked.clone();
        sender.send(Box::new(move || asked.cancel())).unwrap();
        let started = Instant::now();
        while !heard.is_cancelled() && started.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(5));
        }
        drop(sender);
        heard.is_cancelled()
    }

    #[test]
    fn a_slow_opening_is_stopped_in_its_middle() {
        let mut times = Vec::new();
        let mut third = |elapsed| {
            times.push(elapsed);
            if times.len() < 3 {
                return ControlFlow::Continue(());
            }
            ControlFlow::Break(())
        };
        let started = Instant::now();
        let stopped = elsewhere(slow, &mut third);
        assert!(matches!(stopped, Err(NetworkError::OpeningStopped)));
        assert!(started.elapsed() < Duration::from_secs(20));
        assert_eq!(times.len(), 3);
        assert!(
            times.is_sorted() && times.last() >= Some(&INTERVAL),
            "{times:?}"
        );
    }

    #[test]
    fn work_that_is_not_stopped_returns_its_result() {
        let mut watch = |_elapsed| ControlFlow::Continue(());
        let work = |sender: Sender<Stop>| {
            thread::sleep(INTERVAL * 2);
            drop(sender);
            7
        };
        assert_eq!(elsewhere(work, &mut watch).unwrap(), 7);
    }
}
