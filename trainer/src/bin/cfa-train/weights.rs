//! `--weights`, and what belongs to downloads.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cfa_train::backbone::Backbone;
use cfa_train::backbone::weights_source::{Hub, Pip, WeightsSource, first_of};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

/// A weight file on this machine.
pub(crate) struct Weights {
    pub(crate) file: PathBuf,
    /// Where it came from, for people.
    pub(crate) origin: String,
}

#[derive(Args)]
pub(crate) struct WeightsArguments {
    /// ImageNet weights of the backbone: a .pth or .safetensors file with the names
    /// of torchvision or timm; `hub` or `hub:OWNER/NAME[/FILE]` for the Hugging Face
    /// hub; `pip` for those that a Python package carries [default: pip, else hub]
    #[arg(long)]
    weights: Option<WeightsSource>,
    /// Address of the hub; default: the public one
    #[arg(long, value_name = "URL", env = "HF_ENDPOINT")]
    hub_endpoint: Option<String>,
    /// Folder of the hub's cache and token; default: ~/.cache/huggingface
    #[arg(long, value_name = "DIR", env = "HF_HOME")]
    hub_home: Option<PathBuf>,
    /// Token for repositories that are not public
    #[arg(long, value_name = "TOKEN", env = "HF_TOKEN", hide_env_values = true)]
    hub_token: Option<String>,
    /// Where `--weights pip` keeps its files; default: `cfa` in `$XDG_CACHE_HOME` or
    /// ~/.cache
    #[arg(long, value_name = "DIR", env = "CFA_WEIGHTS_CACHE")]
    weights_cache: Option<PathBuf>,
}

impl WeightsArguments {
    /// Whether `--weights` is there.
    pub(crate) fn are_named(&self) -> bool {
        self.weights.is_some()
    }

    /// The file, downloaded if need be. To be called before Ctrl-C is caught: a
    /// download is simply ended, and goes on the next time.
    pub(crate) fn fetch(&self, backbone: Backbone, quiet: bool) -> Result<Weights> {
        if let Some(WeightsSource::File(path)) = &self.weights {
            return Ok(Weights {
                file: path.clone(),
                origin: path.display().to_string(),
            });
        }
        let usual = WeightsSource::usual(backbone);
        let sources = self.weights.clone().map_or(usual, |source| vec![source]);
        let bar = bar(quiet)?;
        let mut progress = |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        };
        let (hub, pip) = (self.hub()?, self.pip()?);
        let fetched = first_of(&sources, backbone, &hub, &pip, &mut progress);
        bar.finish_and_clear();
        let (file, source) = fetched?;
        Ok(Weights {
            file,
            origin: source.origin(backbone),
        })
    }

    fn hub(&self) -> Result<Hub> {
        let home = match &self.hub_home {
            Some(home) => home.clone(),
            None => home_cache("--hub-home")?.join("huggingface"),
        };
        Ok(Hub {
            endpoint: self.hub_endpoint.clone(),
            cache: home.join("hub"),
            token: self.hub_token.clone(),
        })
    }

    fn pip(&self) -> Result<Pip> {
        let cache = match &self.weights_cache {
            Some(cache) => cache.clone(),
            None => match env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()) {
                Some(cache) => PathBuf::from(cache).join("cfa"),
                None => home_cache("--weights-cache")?.join("cfa"),
            },
        };
        Ok(Pip {
            python: "python3".to_owned(),
            cache,
        })
    }
}

fn bar(quiet: bool) -> Result<ProgressBar> {
    let bar = if quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    let template = "{prefix:<12} {wide_bar} {bytes}/{total_bytes} eta {eta}";
    bar.set_style(ProgressStyle::with_template(template)?);
    bar.set_prefix("weights");
    Ok(bar)
}

fn home_cache(option: &str) -> Result<PathBuf> {
    let home = env::home_dir();
    let home = home.with_context(|| format!("there is no home folder; give {option}"))?;
    Ok(home.join(".cache"))
}
