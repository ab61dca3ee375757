//! Whether the system has the threads that ONNX Runtime is about to start.

use std::sync::Mutex;
use std::thread;

use super::NetworkError;

/// What the C library gives a thread on most systems; Rust's own are smaller.
const STACK_BYTES: usize = 8 << 20;

/// Starts as many threads as ONNX Runtime will, and lets them end.
///
/// ONNX Runtime waits for ever when it gets only some of its threads.
pub(super) fn check_available(threads: usize) -> Result<(), NetworkError> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        // All have to be there at once.
        let _shut = gate.lock();
        // The calling thread computes, too.
        for _ in 1..threads {
            thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || drop(gate.lock()))
                .map_err(NetworkError::Threads)?;
        }
        Ok(())
    })
}
