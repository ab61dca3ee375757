//! Progress bars on standard error; invisible when that is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts bytes.
pub(crate) fn bytes(what: &'static str, total: u64) -> ProgressBar {
    with_template(
        what,
        total,
        "  {msg:12} {wide_bar} {bytes}/{total_bytes} {eta}",
    )
}

/// A bar that counts things.
pub(crate) fn items(what: &'static str, total: u64) -> ProgressBar {
    with_template(what, total, "  {msg:12} {wide_bar} {pos}/{len} {eta}")
}

fn with_template(what: &'static str, total: u64, template: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(what)
}
