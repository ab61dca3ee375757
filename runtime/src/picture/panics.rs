//! A panic of a decoder becomes an error of its picture.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::PictureProblem;

/// A file that begins so makes its decoder panic, in builds for tests.
#[cfg(any(test, feature = "fault-injection"))]
const PANICKING_FILE: &[u8] = b"CFA: the decoder of this file panics";

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics of decoders from the panic hook of the program, which would print them. Call it
/// at the start. Such a panic becomes [`PictureProblem::DecoderPanicked`] of its picture.
pub fn keep_decoder_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // The thread-local value is gone when a thread ends, and then no decoder runs.
        if !DECODING.try_with(Cell::get).unwrap_or(false) {
            usual(panic);
        }
    }));
}

/// Runs a decoder. Everything it has changed before a panic is dropped.
pub(super) fn caught<T>(
    decode: impl FnOnce() -> Result<T, PictureProblem>,
) -> Result<T, PictureProblem> {
    DECODING.set(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    decoded.unwrap_or_else(|payload| {
        Err(PictureProblem::DecoderPanicked {
            message: text(&*payload).to_owned(),
        })
    })
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message")
}

#[cfg(any(test, feature = "fault-injection"))]
pub(super) fn on_demand(encoded: &[u8]) {
    assert!(!encoded.starts_with(PANICKING_FILE), "injected");
}
