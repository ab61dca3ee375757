//! Whether the system has the threads that ONNX Runtime is about to start.

use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use ort::environment::ThreadManager;

use super::error::NetworkError;
use crate::cores::Helpers;

/// The size that the C library gives a thread on most systems. Rust's own default is smaller.
const STACK_BYTES: usize = 8 << 20;

/// Starts as many threads as ONNX Runtime will start, and lets them end.
///
/// ONNX Runtime waits for ever when the system starts only some of its threads.
pub(super) fn check_available(threads: usize) -> Result<(), NetworkError> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        // All threads must exist at the same time.
        let _shut = gate.lock();
        // The calling thread also computes.
        for _ in 1..threads {
            thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || drop(gate.lock()))
                .map_err(NetworkError::Threads)?;
        }
        Ok(())
    })
}

/// Starts ONNX Runtime's threads.
#[derive(Debug)]
pub(super) struct ThreadStarter(pub(super) Helpers);

impl ThreadManager for ThreadStarter {
    type Thread = JoinHandle<()>;

    fn create(&self, work: impl FnOnce() + Send + 'static) -> ort::Result<Self::Thread> {
        let helpers = self.0.clone();
        let thread = thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(move || {
                helpers.join();
                work();
                helpers.leave();
            });
        thread.map_err(|error| ort::Error::new(error.to_string()))
    }

    fn join(thread: Self::Thread) -> ort::Result<()> {
        thread
            .join()
            .map_err(|_panic| ort::Error::new("a thread of the network panicked"))
    }
}
