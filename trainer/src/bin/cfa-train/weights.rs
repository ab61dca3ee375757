//! `--weights`, and what belongs to downloads.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cfa_train::backbone::Backbone;
use cfa_train::backbone::weights_source::{Hub, Pip, WeightsSource};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Args)]
pub(crate) struct WeightsArguments {
    /// ImageNet weights of the backbone: a .pth or .safetensors file with the names
    /// of torchvision or timm; `hub` or `hub:OWNER/NAME[/FILE]` for the Hugging Face
    /// hub; `pip` for those that a Python package carries
    #[arg(long)]
    weights: WeightsSource,
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
    /// The file, downloaded if need be. To be called before Ctrl-C is caught: a
    /// download is simply ended, and goes on the next time.
    pub(crate) fn fetch(&self, backbone: Backbone, quiet: bool) -> Result<PathBuf> {
        if let WeightsSource::File(path) = &self.weights {
            return Ok(path.clone());
        }
        if self.weights == WeightsSource::Pip && !quiet {
            eprintln!("weights: asking pip");
        }
        let bar = if quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0)
        };
        let template = "{prefix:<12} {wide_bar} {bytes}/{total_bytes} eta {eta}";
        bar.set_style(ProgressStyle::with_template(template)?);
        bar.set_prefix("weights");
        let mut progress = |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        };
        let path = (self.weights).fetch(backbone, &self.hub()?, &self.pip()?, &mut progress)?;
        bar.finish_and_clear();
        Ok(path)
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

fn home_cache(option: &str) -> Result<PathBuf> {
    let home = env::home_dir();
    let home = home.with_context(|| format!("there is no home folder; give {option}"))?;
    Ok(home.join(".cache"))
}
