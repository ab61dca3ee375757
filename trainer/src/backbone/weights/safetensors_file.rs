//! The `.safetensors` container; the crate of that name checks every size in it.

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::element::Element;
use super::{Tensors, WeightTensor, WeightsProblem};

/// Eight bytes of header length, then the header, a JSON object. Neither a zip archive
/// nor a torch stream has a brace there.
pub(super) fn is_likely(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

pub(super) fn read(bytes: &[u8]) -> Result<Tensors, WeightsProblem> {
    let file = SafeTensors::deserialize(bytes).map_err(WeightsProblem::Safetensors)?;
    let mut tensors = Tensors::new();
    for (name, view) in file.iter() {
        if let Some(element) = element(name, view.dtype())? {
            tensors.insert(name.to_owned(), tensor(name, &view, element)?);
        }
    }
    Ok(tensors)
}

fn tensor(
    name: &str,
    view: &TensorView<'_>,
    element: Element,
) -> Result<WeightTensor, WeightsProblem> {
    let raw = view.data().chunks_exact(element.bytes());
    let values: Option<Vec<f32>> = raw.map(|value| element.decode(value)).collect();
    let shape = view.shape().to_vec();
    let values = values.filter(|values| values.len() == shape.iter().product::<usize>());
    let values = values.ok_or_else(|| WeightsProblem::Tensor {
        name: name.to_owned(),
        what: "its raw values do not fit its shape",
    })?;
    Ok(WeightTensor { shape, values })
}

/// `None` for the kinds that are skipped.
fn element(name: &str, dtype: Dtype) -> Result<Option<Element>, WeightsProblem> {
    match dtype {
        Dtype::F16 => Ok(Some(Element::F16)),
        Dtype::BF16 => Ok(Some(Element::Bf16)),
        Dtype::F32 => Ok(Some(Element::F32)),
        Dtype::F64 => Ok(Some(Element::F64)),
        Dtype::BOOL
        | Dtype::U8
        | Dtype::I8
        | Dtype::U16
        | Dtype::I16
        | Dtype::U32
        | Dtype::I32
        | Dtype::U64
        | Dtype::I64 => Ok(None),
        other => Err(WeightsProblem::UnsupportedDtype {
            name: name.to_owned(),
            dtype: format!("{other:?}"),
        }),
    }
}
