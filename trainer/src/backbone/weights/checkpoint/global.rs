use super::super::WeightsProblem;
use super::super::element::Element;

/// The whole of what a pickle may name. None of it is Python code here: each stands for
/// a few lines of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    /// The function that makes a tensor from a storage, an offset, sizes and strides.
    RebuildTensor,
    /// Wraps a tensor that is its first argument.
    Parameter,
    /// The class of a storage.
    Storage(Element),
}

/// The meaning of `module.name`, if it has one here.
pub(super) fn resolve(module: &str, name: &str) -> Option<Global> {
    match (module, name) {
        ("collections", "OrderedDict") => Some(Global::OrderedDict),
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") | ("torch.nn.parameter", "Parameter") => {
            Some(Global::Parameter)
        }
        ("torch", storage) => element(storage).map(Global::Storage),
        _ => None,
    }
}

fn element(storage: &str) -> Option<Element> {
    Some(match storage {
        "HalfStorage" => Element::F16,
        "BFloat16Storage" => Element::Bf16,
        "FloatStorage" => Element::F32,
        "DoubleStorage" => Element::F64,
        "BoolStorage" | "ByteStorage" | "CharStorage" => Element::NotFloating { bytes: 1 },
        "ShortStorage" => Element::NotFloating { bytes: 2 },
        "IntStorage" => Element::NotFloating { bytes: 4 },
        "LongStorage" => Element::NotFloating { bytes: 8 },
        _ => return None,
    })
}

/// The names come from the file: made printable and short.
pub(super) fn forbidden(module: &str, name: &str) -> WeightsProblem {
    let full = format!("{module}.{name}");
    WeightsProblem::ForbiddenGlobal {
        name: full.escape_debug().take(100).collect(),
    }
}
