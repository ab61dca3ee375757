//! How far the work is, for a person who waits.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error; hidden unless `wanted` and a person is there.
pub(crate) fn bar(pictures: usize, wanted: bool) -> ProgressBar {
    let target = if wanted && io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} pictures, {eta} left");
    let bar = ProgressBar::with_draw_target(Some(pictures as u64), target);
    bar.with_style(style.unwrap_or_else(|_template| ProgressStyle::default_bar()))
}
