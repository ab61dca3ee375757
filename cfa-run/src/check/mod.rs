//! `cfa-run check`: what this machine can compute with.

mod cache;
mod library;
mod processor;
mod text;

use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use anyhow::Result;
use cfa_runtime::network::{nvidia_driver, nvidia_gpus};
use cfa_runtime::{Provider, ProviderChoice};
use serde::Serialize;

use crate::onnx_runtime::{LibraryArgs, is_same_file};
use crate::provider::default_cache;
use crate::{Outcome, printed, say, setup_hint};
use cache::Cache;
use library::Library;
use processor::Processor;

/// Arguments of `cfa-run check`.
///
/// Exit code 0 when the provider asked for can compute with the library that `predict` would
/// take for it, else 2. Each provider is tried on a network of two operations, in a process of its own
/// for each library.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The provider that must be usable; auto is content with any
    #[arg(long, default_value = "cpu", value_name = "NAME")]
    provider: ProviderChoice,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
    /// Try this library inside this process; used by this program itself
    #[arg(long, hide = true, value_name = "FILE")]
    inside: Option<PathBuf>,
}

/// Everything that is printed. Keys and their order are fixed.
#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    processor: Processor,
    nvidia: Nvidia,
    libraries: Vec<Library>,
    caches: Vec<Cache>,
    usable: Vec<String>,
    missing: Vec<Missing>,
}

#[derive(Debug, Serialize)]
struct Nvidia {
    driver: Option<String>,
    gpus: Vec<String>,
}

/// A provider that no library found can compute with, and what it needs.
#[derive(Debug, Serialize)]
struct Missing {
    provider: &'static str,
    needs: String,
}

pub(crate) fn run(args: &Args) -> Result<Outcome> {
    if let Some(library) = &args.inside {
        let tried = serde_json::to_string(&library::inside(library))?;
        printed(writeln!(stdout(), "{tried}"))?;
        return Ok(Outcome::Fine);
    }
    let report = Report::new(&args.library);
    printed(report.print(args.json))?;
    let taken = args.library.path(args.provider);
    if report.can_with(&taken, args.provider) {
        return Ok(Outcome::Fine);
    }
    if report.can(args.provider) {
        say(&format!(
            "error: {} cannot compute with {}, which is taken for it; name one that can with --onnxruntime",
            args.provider,
            taken.display()
        ));
    }
    Ok(Outcome::Failed)
}

fn needs(provider: Provider) -> String {
    match setup_hint::for_provider(provider) {
        Some(hint) => format!("{} ({hint})", provider.needs()),
        None => provider.needs().to_owned(),
    }
}

impl Report {
    fn new(library: &LibraryArgs) -> Self {
        let libraries: Vec<Library> = library.all().into_iter().map(Library::tried).collect();
        let usable = |&provider: &Provider| {
            let choice = ProviderChoice::Only(provider);
            libraries.iter().any(|library| library.can(choice))
        };
        let (good, bad): (Vec<Provider>, Vec<Provider>) = Provider::ALL
            .into_iter()
            .partition(|provider| usable(provider));
        let missing = bad.into_iter().map(|provider| Missing {
            provider: provider.name(),
            needs: needs(provider),
        });
        Self {
            version: env!("CARGO_PKG_VERSION"),
            processor: Processor::this(),
            nvidia: Nvidia {
                driver: nvidia_driver(),
                gpus: nvidia_gpus(),
            },
            caches: default_cache().as_deref().map_or_else(Vec::new, Cache::all),
            usable: good
                .into_iter()
                .map(|provider| provider.name().to_owned())
                .collect(),
            missing: missing.collect(),
            libraries,
        }
    }

    fn print(&self, json: bool) -> io::Result<()> {
        let mut out = stdout().lock();
        if json {
            return writeln!(out, "{}", serde_json::to_string_pretty(self)?);
        }
        text::write(&mut out, self)
    }

    /// With any library.
    fn can(&self, choice: ProviderChoice) -> bool {
        self.libraries.iter().any(|library| library.can(choice))
    }

    fn can_with(&self, library: &Path, choice: ProviderChoice) -> bool {
        let mut libraries = self.libraries.iter();
        libraries.any(|found| is_same_file(&found.path, library) && found.can(choice))
    }
}
