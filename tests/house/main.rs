//! Checks of how the house is built: which module may import which, and what is public.
//!
//! **Circles.** No modules of one level import each other, directly or through others. A level
//! is the top of a crate, or the files and folders within one folder.
//! - An import is a `use` line or a path that begins with `crate` or `super`, in macros, too.
//! - An import of a name that a module only re-exports is an import of the module that defines
//!   it.
//! - A folder's `mod.rs` is not on the level of the files beside it: its `mod` lines, its
//!   re-exports and its shared types make no circle with them.
//! - Code for tests (`#[cfg(test)]`) is left out.
//!
//! **The seam.** In the runtime no machinery imports the method, `cfa`. Machinery is every
//! module that is not named in [`COMPOSITION`], so a new module is machinery.
//!
//! **Public items.** `public_items.txt` lists what `cfa_runtime` offers: first what its users
//! need, and under `training_support` what only the trainer needs. A change of it is a
//! decision: `CFA_UPDATE_PUBLIC_ITEMS=1 cargo test -p xtask --test house` writes it anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod circles;
mod imports;
mod public_items;
mod sources;
mod tests;

use std::path::{Path, PathBuf};

use circles::{circles, levels};
use sources::Sources;

/// Names and root files of all crates that are checked.
const CRATES: &[(&str, &str)] = &[
    ("runtime", "runtime/src/lib.rs"),
    ("cfa-run", "cfa-run/src/main.rs"),
    ("capi", "capi/src/lib.rs"),
    ("trainer", "trainer/src/lib.rs"),
    ("cfa-train", "trainer/src/bin/cfa-train/main.rs"),
    ("xtask", "xtask/src/main.rs"),
];

/// Circles that are still to be cut. None is left; a new one is cut, and not listed here.
const KNOWN_CIRCLES: &[&str] = &[];

/// The method.
const METHOD: &str = "cfa";
/// The modules that put the method and the machinery together, and may import both.
const COMPOSITION: &[&str] = &[
    "bundle",
    "inspector",
    "session",
    "training_support",
    "verify",
];

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let found: Vec<_> = CRATES
        .iter()
        .flat_map(|(name, root)| circles(name, &Sources::read(&checkout().join(root))))
        .collect();
    let new: Vec<_> = found
        .iter()
        .filter(|circle| !KNOWN_CIRCLES.contains(&circle.name.as_str()))
        .map(|circle| format!("{}\n    {}", circle.name, circle.way.join("\n    ")))
        .collect();
    assert!(new.is_empty(), "circles of imports:\n{}", new.join("\n"));
    let cut: Vec<_> = KNOWN_CIRCLES
        .iter()
        .filter(|known| found.iter().all(|circle| circle.name != **known))
        .collect();
    assert!(cut.is_empty(), "remove from KNOWN_CIRCLES: {cut:#?}");
}

#[test]
fn machinery_does_not_import_the_method() {
    let runtime = Sources::read(&checkout().join("runtime/src/lib.rs"));
    let crossings = crossings(&runtime);
    assert!(crossings.is_empty(), "\n{}", crossings.join("\n"));
}

/// The imports of the method, and of what composes it, by machinery.
fn crossings(runtime: &Sources) -> Vec<String> {
    let levels = levels(runtime);
    let Some(top) = levels.get(&Vec::new()) else {
        return Vec::new();
    };
    let composes = |module: &str| module == METHOD || COMPOSITION.contains(&module);
    let beyond = |to: &str| to == METHOD || to == "bundle";
    let crossing = top
        .iter()
        .filter(|((from, to), _)| !composes(from) && beyond(to));
    crossing
        .flat_map(|((from, to), lines)| {
            lines
                .iter()
                .map(move |line| format!("{from} -> {to}: {line}"))
        })
        .collect()
}
