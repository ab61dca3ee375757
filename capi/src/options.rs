//! What a caller may choose.

#![allow(non_camel_case_types, reason = "the name is that of the C interface")]

use std::path::PathBuf;
use std::str::FromStr;

use cfa_runtime::picture::DamageRule;
use cfa_runtime::{CoreAffinity, HeadPlacement, InspectorOptions, ProviderChoice};

use crate::fault::Fault;
use crate::progress::Progress;
use crate::status::CFA_E_PROVIDER;

const KEYS: &str = "onnxruntime, provider, threads, threshold, review_threshold, \
                    false_reject_rate, review_rate, max_encoded_bytes, max_side_px, max_pixels, \
                    white_level, accept_damaged, allow_fallback, allow_reduced_precision, \
                    device, cache_folder, head, core_affinity";

/// Settings for opening models and making sessions; used by one thread at a time.
#[derive(Debug, Default)]
pub struct cfa_options {
    pub(crate) choices: Choices,
    pub(crate) progress: Option<Progress>,
}

/// The settings that are plain values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choices {
    pub(crate) onnxruntime: Option<PathBuf>,
    pub(crate) inspector: InspectorOptions,
}

impl Choices {
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), Fault> {
        let limits = &mut self.inspector.limits;
        let decision = &mut self.inspector.decision;
        let asked = &mut self.inspector.provider;
        match key {
            "onnxruntime" => self.onnxruntime = Some(path(key, value)?),
            "provider" => asked.choice = provider(value)?,
            "accept_damaged" => self.inspector.damage = damage(yes(key, value)?),
            "allow_fallback" => asked.allow_fallback = yes(key, value)?,
            "allow_reduced_precision" => asked.allow_reduced_precision = yes(key, value)?,
            "device" => asked.device = Some(value.to_owned()),
            "cache_folder" => asked.cache_folder = Some(path(key, value)?),
            "head" => self.inspector.head = head(value)?,
            "core_affinity" => self.inspector.core_affinity = core_affinity(value)?,
            "threads" => self.inspector.threads = Some(threads(value)?),
            "threshold" => decision.threshold = Some(number(key, value)?),
            "review_threshold" => decision.review_threshold = Some(number(key, value)?),
            "false_reject_rate" => decision.false_reject_rate = Some(number(key, value)?),
            "review_rate" => decision.review_rate = Some(number(key, value)?),
            "max_encoded_bytes" => limits.max_encoded_bytes = Some(number(key, value)?),
            "max_side_px" => limits.max_side_px = number(key, value)?,
            "max_pixels" => limits.max_pixels = number(key, value)?,
            "white_level" => self.inspector.white_level = Some(number(key, value)?),
            _ => {
                return Err(Fault::argument(format!(
                    "there is no option {key:?}; known: {KEYS}"
                )));
            }
        }
        Ok(())
    }
}

fn path(key: &str, value: &str) -> Result<PathBuf, Fault> {
    if value.is_empty() {
        return Err(Fault::argument(format!(
            "option {key} needs a path, not an empty text"
        )));
    }
    Ok(PathBuf::from(value))
}

fn provider(value: &str) -> Result<ProviderChoice, Fault> {
    value
        .parse()
        .map_err(|error| Fault::new(CFA_E_PROVIDER, format!("option provider: {error}")))
}

fn head(value: &str) -> Result<HeadPlacement, Fault> {
    value
        .parse()
        .map_err(|error| Fault::argument(format!("option head: {error}")))
}

fn core_affinity(value: &str) -> Result<CoreAffinity, Fault> {
    value
        .parse()
        .map_err(|error| Fault::argument(format!("option core_affinity: {error}")))
}

fn yes(key: &str, value: &str) -> Result<bool, Fault> {
    value.parse().map_err(|_other| {
        Fault::argument(format!(
            "option {key} must be \"true\" or \"false\", not {value:?}"
        ))
    })
}

fn damage(accepted: bool) -> DamageRule {
    if accepted {
        DamageRule::Accept
    } else {
        DamageRule::Refuse
    }
}

fn threads(value: &str) -> Result<usize, Fault> {
    let threads: u16 = number("threads", value)?;
    if (1..=1024).contains(&threads) {
        return Ok(usize::from(threads));
    }
    Err(Fault::argument(format!(
        "option threads must be 1 to 1024, not {value:?}"
    )))
}

fn number<T: FromStr>(key: &str, value: &str) -> Result<T, Fault> {
    value.parse().map_err(|_not_a_number| {
        Fault::argument(format!(
            "option {key} must be a number that fits it, not {value:?}"
        ))
    })
}
