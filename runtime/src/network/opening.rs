//! Opening a network under a watch.

use std::ops::ControlFlow;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use ort::session::Session;
use ort::session::builder::SessionBuilder;

use super::NetworkError;

/// Is told the time since the opening began, and says whether to go on.
pub type OpeningWatch<'a> = dyn FnMut(Duration) -> ControlFlow<()> + 'a;

/// Between two calls of the watch.
const INTERVAL: Duration = Duration::from_millis(200);

/// Opens the network on another thread, and lets the watch look meanwhile on this one.
pub(super) fn watched(
    build: impl FnOnce() -> ort::Result<SessionBuilder> + Send,
    onnx: &[u8],
    watch: &mut OpeningWatch<'_>,
) -> Result<Session, NetworkError> {
    let started = Instant::now();
    if watch(Duration::ZERO).is_break() {
        return Err(NetworkError::OpeningStopped);
    }
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let mut builder = build()?;
            // The other end lives as long as this thread is waited for.
            let _unheard = sender.send(builder.canceler());
            builder.commit_from_memory(onnx)
        });
        let mut canceler = None;
        let mut stopped = false;
        while !worker.is_finished() {
            match receiver.recv_timeout(INTERVAL) {
                Ok(received) => canceler = Some(received),
                // The sender went with the worker's closure: the network is open.
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    stopped = stopped || watch(started.elapsed()).is_break();
                }
            }
            if let (true, Some(canceler)) = (stopped, &canceler) {
                // ONNX Runtime may have come to the end meanwhile, which is as good.
                let _too_late = canceler.cancel();
            }
        }
        let opened = worker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        if stopped {
            return Err(NetworkError::OpeningStopped);
        }
        opened.map_err(|error| NetworkError::Open(error.into()))
    })
}
