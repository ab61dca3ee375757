//! Options for the provider that computes the network.

use std::env;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use cfa_runtime::{
    CoreAffinity, HeadPlacement, Inspector, InspectorOptions, Model, OnnxRuntime, Provider,
    ProviderChoice, ProviderOptions,
};
use indicatif::ProgressBar;

use crate::{say, setup_hint};

/// An opening shorter than this needs no word.
const LONG: Duration = Duration::from_secs(2);

/// The provider, and what it is allowed to do.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Provider of the network")]
pub(crate) struct ProviderArgs {
    /// cpu, openvino, cuda, tensorrt, or auto for the first usable one of cuda,
    /// openvino and cpu
    #[arg(long, default_value_t, value_name = "NAME")]
    provider: ProviderChoice,
    /// Compute with the processor when the provider cannot; results say so
    #[arg(long)]
    allow_fallback: bool,
    /// Let the provider compute in fewer bits than f32: faster, and other scores
    #[arg(long)]
    allow_reduced_precision: bool,
    /// Device of the provider: CPU, GPU, GPU.1, NPU with openvino; the GPU's number with
    /// cuda and tensorrt [default: CPU or 0]
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Where the distances and the map are computed: host (the processor, fewer operations)
    /// or graph (by the provider, with the network). The place graph is experimental: it has
    /// not been measured on a GPU yet
    #[arg(long, default_value_t, value_name = "PLACE")]
    head: HeadPlacement,
    /// Whether waiting threads are kept off the core that inspects: managed (faster in virtual
    /// machines) or untouched (the affinity of no thread is set). Results are the same
    #[arg(long, default_value_t, value_name = "RULE")]
    core_affinity: CoreAffinity,
    /// Folder for networks prepared for this machine, for you alone [default: `cfa-run`
    /// in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Keep nothing: the network is prepared at every start
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
}

impl ProviderArgs {
    pub(crate) fn choice(&self) -> ProviderChoice {
        self.provider
    }

    pub(crate) fn head(&self) -> HeadPlacement {
        self.head
    }

    pub(crate) fn core_affinity(&self) -> CoreAffinity {
        self.core_affinity
    }

    pub(crate) fn options(&self) -> ProviderOptions {
        ProviderOptions {
            choice: self.provider,
            allow_fallback: self.allow_fallback,
            allow_reduced_precision: self.allow_reduced_precision,
            device: self.device.clone(),
            cache_folder: self.cache_folder(),
        }
    }

    fn cache_folder(&self) -> Option<PathBuf> {
        if self.no_cache {
            return None;
        }
        self.cache.clone().or_else(default_cache)
    }
}

/// The user's cache folder by the rules of the desktop world; none without a home.
pub(crate) fn default_cache() -> Option<PathBuf> {
    let absolute = |name| {
        let path = env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let home = || absolute("HOME").map(|home| home.join(".cache"));
    let cache = absolute("XDG_CACHE_HOME").or_else(home);
    cache.map(|folder| folder.join("cfa-run"))
}

/// Who computes, for a row of text.
pub(crate) fn computed_by(provider: Provider, head: HeadPlacement) -> String {
    match head {
        HeadPlacement::Host => provider.to_string(),
        HeadPlacement::Graph => format!("{provider}, with the head"),
    }
}

/// Opens a bundle and its network as [`inspector`] does.
pub(crate) fn open(
    bundle: &Path,
    runtime: &OnnxRuntime,
    options: &InspectorOptions,
) -> Result<Inspector> {
    inspector(&Model::open(bundle)?, runtime, options)
}

/// Opens the model's network, shows that it goes on when that takes long, and warns when
/// another provider computes than was asked for.
pub(crate) fn inspector(
    model: &Model,
    runtime: &OnnxRuntime,
    options: &InspectorOptions,
) -> Result<Inspector> {
    let choice = options.provider.choice;
    let inspector = if choice == ProviderChoice::Only(Provider::Cpu) {
        Inspector::new(model, runtime, options).map_err(setup_hint::for_opening)?
    } else {
        watched(model, runtime, options)?
    };
    for warning in inspector.take_warnings() {
        say(&format!("warning: ONNX Runtime: {warning}"));
    }
    if let ProviderChoice::Only(_) = choice {
        for refusal in inspector.refusals() {
            say(&format!(
                "warning: {} computes in place of {}: {}",
                inspector.provider(),
                refusal.provider,
                setup_hint::explanation(refusal)
            ));
        }
    }
    Ok(inspector)
}

fn watched(model: &Model, runtime: &OnnxRuntime, options: &InspectorOptions) -> Result<Inspector> {
    let compiles = match options.provider.choice {
        ProviderChoice::Only(provider) => provider.compiles(),
        ProviderChoice::Auto => false,
    };
    let spinner = ProgressBar::hidden();
    let mut said = false;
    let mut watch = |elapsed: Duration| {
        if compiles && elapsed >= LONG {
            if !std::mem::replace(&mut said, true) {
                say("tensorrt compiles the network, which takes minutes the first time");
                if io::stderr().is_terminal() {
                    spinner.set_draw_target(indicatif::ProgressDrawTarget::stderr());
                }
            }
            spinner.set_message(format!("compiling for {} s", elapsed.as_secs()));
            spinner.tick();
        }
        ControlFlow::Continue(())
    };
    let inspector = Inspector::new_watched(model, runtime, options, &mut watch);
    spinner.finish_and_clear();
    inspector.map_err(setup_hint::for_opening)
}
