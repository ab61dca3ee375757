//! `cargo xtask header`: the C header, made from the sources of `capi/`.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use cbindgen::{Builder, Config};

use crate::checkout::Checkout;

/// In the order in which the header is read.
const SOURCES: [&str; 8] = [
    "status.rs",
    "options.rs",
    "session.rs",
    "types.rs",
    "abi/library.rs",
    "abi/options.rs",
    "abi/model.rs",
    "abi/session.rs",
];
const HEADER: &str = "capi/include/cfa.h";

/// Writes the header; no bytes change when it is up to date.
pub(crate) fn write(checkout: &Checkout) -> Result<()> {
    let path = checkout.root().join(HEADER);
    fs::write(&path, generated(checkout.root())?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{HEADER} is up to date");
    Ok(())
}

fn generated(root: &Path) -> Result<Vec<u8>> {
    let package = root.join("capi");
    let config = package.join("cbindgen.toml");
    let config = Config::from_file(&config)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("cannot read {}", config.display()))?;
    let builder = SOURCES
        .iter()
        .fold(Builder::new().with_config(config), |builder, source| {
            builder.with_src(package.join("src").join(source))
        });
    let bindings = builder
        .generate()
        .context("cbindgen cannot make the header of capi/src")?;
    let mut header = Vec::new();
    bindings.write(&mut header);
    Ok(header)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_committed_header_is_the_one_made_from_the_sources() {
        let checkout = Checkout::find().unwrap();
        let made = String::from_utf8(generated(checkout.root()).unwrap()).unwrap();
        let committed = fs::read_to_string(checkout.root().join(HEADER)).unwrap();
        assert!(
            made == committed,
            "{HEADER} differs from capi/src; run `cargo xtask header` and commit what it writes"
        );
    }
}
