//! `cargo xtask man`: manual pages of both programs.

use std::path::Path;

use anyhow::Result;

use crate::{checkout::Checkout, step};

/// Writes the pages to `folder`. The programs carry what writes them only when they are
/// built with a feature, so that those that ship stay small.
pub(crate) fn write(checkout: &Checkout, folder: &Path) -> Result<()> {
    for program in ["cfa-run", "cfa-train"] {
        let mut cargo = checkout.cargo();
        cargo.args([
            "run",
            "--quiet",
            "--features",
            "man-pages",
            "--package",
            program,
        ]);
        cargo
            .args(["--bin", program, "--", "man-pages"])
            .arg(folder);
        step::run(
            &format!("Writing the manual pages of {program}"),
            &mut cargo,
        )?;
    }
    eprintln!("\nThe pages are in {}", folder.display());
    Ok(())
}
