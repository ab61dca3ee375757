//! Whether a weight file belongs to a network.

use std::fmt;

use super::graph::Graph;
use super::parameters::Parameters;

/// Why a set of weights does not fit a graph. Every list is sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParameterMismatch {
    /// Needed, but not in the file.
    pub missing: Vec<String>,
    /// In the file, but unknown to the network.
    pub extra: Vec<String>,
    /// Present with another shape: "name: expected …, found …".
    pub misshaped: Vec<String>,
}

/// How many names of each kind a message lists before it counts the rest.
const NAMES_IN_MESSAGE: usize = 5;

impl fmt::Display for ParameterMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("missing", &self.missing),
            ("not part of this network", &self.extra),
            ("of another shape", &self.misshaped),
        ];
        let texts: Vec<_> = kinds
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| format!("{} {kind} ({})", names.len(), shortened(names)))
            .collect();
        f.write_str(&texts.join("; "))
    }
}

fn shortened(names: &[String]) -> String {
    let mut text = names[..names.len().min(NAMES_IN_MESSAGE)].join(", ");
    if names.len() > NAMES_IN_MESSAGE {
        text.push_str(", …");
    }
    text
}

/// Compares stored tensors with what `graph` reads. Names that begin with one of
/// `unused_prefixes` (the classifier and what lies behind the last tap) may be
/// there and are ignored.
///
/// # Errors
/// Names every tensor that is missing, extra or of another shape.
pub fn check_parameters(
    graph: &Graph,
    stored: &Parameters,
    unused_prefixes: &[&str],
) -> Result<(), ParameterMismatch> {
    let needed = graph.parameters();
    let mut mismatch = ParameterMismatch::default();
    for parameter in &needed {
        match stored.get(&parameter.name) {
            None => mismatch.missing.push(parameter.name.clone()),
            Some(found) if found.shape != parameter.shape => mismatch.misshaped.push(format!(
                "{}: expected {:?}, found {:?}",
                parameter.name, parameter.shape, found.shape
            )),
            Some(_) => {}
        }
    }
    mismatch.extra = stored
        .keys()
        .filter(|name| needed.binary_search_by(|p| p.name.cmp(name)).is_err())
        .filter(|name| !unused_prefixes.iter().any(|p| name.starts_with(p)))
        .cloned()
        .collect();
    if mismatch == ParameterMismatch::default() {
        Ok(())
    } else {
        Err(mismatch)
    }
}
