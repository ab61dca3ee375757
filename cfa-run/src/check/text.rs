//! The report for people.

use std::io::{self, Write};

use super::cache::Cache;
use super::library::{Library, State};
use super::processor::Processor;
use super::{Nvidia, Report};

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    machine(out, &report.processor, &report.nvidia)?;
    for library in &report.libraries {
        self::library(out, library)?;
    }
    writeln!(out, "\nCaches")?;
    for cache in &report.caches {
        self::cache(out, cache)?;
    }
    if !report.missing.is_empty() {
        writeln!(out, "\nFor the rest install")?;
    }
    for missing in &report.missing {
        line(out, missing.provider, &missing.needs)?;
    }
    Ok(())
}

fn line(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<12}{value}")
}

fn machine(out: &mut impl Write, processor: &Processor, nvidia: &Nvidia) -> io::Result<()> {
    writeln!(out, "Machine")?;
    let name = processor.name.as_deref().unwrap_or("unknown");
    line(
        out,
        "processor",
        &format!("{name} ({})", processor.architecture),
    )?;
    line(out, "features", &processor.features.join(" "))?;
    let cores = processor
        .cores
        .map_or("unknown".to_owned(), |cores| cores.to_string());
    line(
        out,
        "threads",
        &format!("{} (cores: {cores})", processor.threads),
    )?;
    line(
        out,
        "NVIDIA",
        nvidia.driver.as_deref().unwrap_or("no driver"),
    )?;
    for gpu in &nvidia.gpus {
        line(out, "", gpu)?;
    }
    Ok(())
}

fn library(out: &mut impl Write, library: &Library) -> io::Result<()> {
    let version = library.version.as_deref().unwrap_or("of unknown version");
    writeln!(
        out,
        "\nONNX Runtime {version} at {}",
        library.path.display()
    )?;
    if let Some(error) = &library.error {
        line(out, "unusable", error)?;
    }
    for provider in &library.providers {
        line(out, &provider.provider, &state(provider))?;
    }
    Ok(())
}

fn state(state: &State) -> String {
    match (&state.precision, &state.error) {
        (Some(precision), _) => format!("usable, computes in {precision}"),
        (None, _) if !state.in_library => "not in this library".to_owned(),
        (None, error) => format!("unusable: {}", error.as_deref().unwrap_or("unknown")),
    }
}

fn cache(out: &mut impl Write, cache: &Cache) -> io::Result<()> {
    let place = cache.path.display();
    let text = match &cache.error {
        Some(error) => error.clone(),
        None if cache.files == 0 => format!("{place}: nothing yet"),
        None => format!(
            "{place}: {} files, {} MB",
            cache.files,
            cache.bytes.div_ceil(1_000_000)
        ),
    };
    line(out, cache.provider, &text)
}
