//! What the demo prints at its end, below the figures.

use std::path::Path;

use super::Demo;

/// Where to look next.
pub(super) fn text(demo: &Demo<'_>) -> String {
    let shown = |path: &Path| {
        path.strip_prefix(demo.checkout.root())
            .unwrap_or(path)
            .display()
            .to_string()
    };
    format!(
        "\nLook next at\n  {}  every test picture with its heat map\n  {}  heat maps and overlays as files\n\
         Inspect pictures of your own, from this folder:\n  {} predict --model {} PICTURES\n",
        shown(&demo.folders.report),
        shown(&demo.folders.predictions),
        shown(&demo.programs.cfa_run),
        shown(&demo.folders.bundle)
    )
}
