//! `cfa-train backbones`.

use std::io::{self, Write};

use cfa_train::backbone::Backbone;

/// Prints a line for each backbone.
pub(crate) fn list() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:<17} {:>8}  feature maps (layer channels@stride)",
        "name", "channels"
    )?;
    for backbone in Backbone::ALL {
        let taps = backbone
            .taps()
            .map(|t| format!("{} {}@{}", t.layer, t.channels, t.stride));
        let channels = backbone.feature_channels();
        writeln!(
            out,
            "{:<17} {channels:>8}  {}",
            backbone.name(),
            taps.join(", ")
        )?;
    }
    Ok(())
}
