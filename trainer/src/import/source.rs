//! Where the releases of anomalib keep things in a checkpoint.

use super::error::ImportProblem;
use crate::backbone::weights::{Document, Node, Tensors};

/// The trained 1×1 convolution, in every release.
const DESCRIPTOR_WEIGHT: &str = "descriptor.layer.conv2d.weight";

/// How many tensor names a message lists.
const NAMES_IN_MESSAGE: usize = 4;

/// A checkpoint in which a CFA model was found.
pub(super) struct Source<'a> {
    /// The saved object: a dictionary.
    pub(super) root: Node<'a>,
    /// The module, where it was saved whole (`model.pt`).
    pub(super) module: Option<Node<'a>>,
    /// All tensors under their full names.
    pub(super) tensors: Tensors,
    /// The prefix of the names of the CFA model itself.
    prefix: String,
}

impl<'a> Source<'a> {
    pub(super) fn find(document: &'a Document<'_>) -> Result<Self, ImportProblem> {
        let root = document.root();
        let module = root.get("model");
        let table = root.get("state_dict").or(module).unwrap_or(root);
        let tensors = document.tensors(table)?;
        let mut names = tensors.keys();
        let Some(prefix) = names.find_map(|name| name.strip_suffix(DESCRIPTOR_WEIGHT)) else {
            return Err(ImportProblem::NotCfa {
                missing: DESCRIPTOR_WEIGHT,
                found: contents(module, &tensors),
            });
        };
        Ok(Self {
            root,
            module,
            prefix: prefix.to_owned(),
            tensors,
        })
    }

    /// The name of a tensor of the CFA model in [`Source::tensors`].
    pub(super) fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The settings that Lightning keeps beside the state.
    pub(super) fn hyper_parameters(&self) -> Option<Node<'a>> {
        let kept = self.root.get("hyper_parameters");
        kept.or_else(|| self.module?.get("_hparams"))
    }

    /// A setting of the model by name, wherever this release keeps it.
    pub(super) fn setting(&self, name: &str) -> Option<Node<'a>> {
        let cfa = || {
            let module = self.module?;
            module
                .get("memory_bank")
                .map_or_else(|| module.get("model"), |_bank| Some(module))
        };
        let places = [
            self.hyper_parameters(),
            self.hyper_parameters().and_then(|all| all.get("model")),
            cfa(),
            cfa().and_then(|model| model.get("descriptor")),
        ];
        let found = places.into_iter().flatten().find_map(|p| p.get(name));
        found.map(plain)
    }
}

/// A value of a configuration of `OmegaConf` (0.x) without its wrapper.
pub(super) fn plain(node: Node<'_>) -> Node<'_> {
    node.get("_val").unwrap_or(node)
}

fn contents(module: Option<Node<'_>>, tensors: &Tensors) -> String {
    let class = module.filter(|module| module.class().is_some());
    if let Some(class) = class {
        return format!("a {}", class.kind());
    }
    let names: Vec<String> = tensors
        .keys()
        .take(NAMES_IN_MESSAGE)
        .map(|name| name.escape_debug().take(60).collect())
        .collect();
    match names.as_slice() {
        [] => "no tensors".to_owned(),
        names => format!(
            "{} and other tensors, {} in all",
            names.join(", "),
            tensors.len()
        ),
    }
}
