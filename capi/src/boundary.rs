//! The boundary between an entry point and the code behind it: panics are caught, and every
//! failure becomes a status.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use crate::fault::Fault;
use crate::status::CFA_E_PANIC;

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs the work of an entry point.
///
/// Unwind safety: state that `work` changes is behind a mutex, which a panic poisons, or
/// belongs to the caller, who learns from the status that the call failed.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    keep_panics_quiet();
    let guarded = || {
        #[cfg(feature = "fault-injection")]
        crate::injection::panic_at(crate::injection::Place::Entry);
        work()
    };
    catch_unwind(AssertUnwindSafe(guarded)).unwrap_or_else(|payload| Err(fault_of(&*payload)))
}

fn fault_of(payload: &(dyn Any + Send)) -> Fault {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    // A thread that is ending has no place to remember in.
    let place = PLACE.try_with(RefCell::take).ok().flatten();
    let place = place.map(|place| format!(" at {place}"));
    Fault::new(
        CFA_E_PANIC,
        format!(
            "a panic in libcfa{}, please report it: {}",
            place.as_deref().unwrap_or(""),
            text.unwrap_or("no message")
        ),
    )
}

/// Rust would print the message of a panic; a library must not. The hook is that of
/// the Rust code linked into this library, not of the program around it.
fn keep_panics_quiet() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if cfg!(test) {
                usual(panic);
            }
            remember(panic);
        }));
    });
}

fn remember(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    // A thread that is ending has no place to remember in.
    let _ending = PLACE.try_with(|kept| kept.replace(place));
}

/// `text` on one line and in less than `capacity` bytes, cut between characters.
pub(crate) fn one_line(text: &str, capacity: usize) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let most = capacity.saturating_sub(1);
    let end = line.floor_char_boundary(most);
    line.get(..end).unwrap_or(&line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn messages_are_one_line_cut_between_characters() {
        assert_eq!(one_line("a\nb\tc", 1024), "a b c");
        assert_eq!(one_line("abc", 3), "ab");
        for capacity in 0..=9 {
            // Characters of one to four bytes, so that every offset is met.
            let cut = one_line("aä€😀", capacity);
            assert!(cut.len() < capacity.max(1), "{cut} {capacity}");
            assert!("aä€😀".starts_with(&cut));
        }
        assert_eq!(one_line("ää", 4), "ä");
        assert_eq!(one_line("ää", 5), "ää");
    }
}
