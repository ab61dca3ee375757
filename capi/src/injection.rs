//! Faults on demand, so that tests can see them caught. In test builds only.

use std::cell::Cell;

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

/// Where a fault can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A panic at the start of any entry point.
    Entry = 1,
    /// A panic while a session computes.
    Computing = 2,
    /// A cancellation after everything was computed, before anything is put out.
    Computed = 3,
}

/// Asks for a fault the next time this thread comes to the place of this number, and gives
/// the number that was asked for before and has not come to pass; 0 is none.
pub(crate) fn ask(place: u32) -> u32 {
    ASKED.replace(place)
}

/// Whether a fault was asked for here. It is not asked for any longer then.
pub(crate) fn reached(place: Place) -> bool {
    let asked = ASKED.get() == place as u32;
    if asked {
        ASKED.set(0);
    }
    asked
}

pub(crate) fn panic_at(place: Place) {
    assert!(!reached(place), "injected");
}
