//! Short constructors for ONNX messages.

use super::proto::{
    AttributeProto, NodeProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    attribute_proto::AttributeType, tensor_proto::DataType, tensor_shape_proto::Dimension,
    tensor_shape_proto::dimension, type_proto,
};

/// An operation with one result, which also names it.
#[must_use]
pub fn node(
    op_type: &str,
    inputs: &[&str],
    output: &str,
    attribute: Vec<AttributeProto>,
) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.to_owned()],
        name: output.to_owned(),
        op_type: op_type.to_owned(),
        attribute,
    }
}

/// A whole number.
#[must_use]
pub fn int(name: &str, value: usize) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        i: value as i64,
        r#type: AttributeType::Int.into(),
        ..AttributeProto::default()
    }
}

/// An element type.
#[must_use]
pub fn type_attribute(name: &str, value: DataType) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        i: i32::from(value).into(),
        r#type: AttributeType::Int.into(),
        ..AttributeProto::default()
    }
}

/// A number.
#[must_use]
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        f: value,
        r#type: AttributeType::Float.into(),
        ..AttributeProto::default()
    }
}

/// Whole numbers.
#[must_use]
pub fn ints(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        ints: values.iter().map(|&v| v as i64).collect(),
        r#type: AttributeType::Ints.into(),
        ..AttributeProto::default()
    }
}

/// Text.
#[must_use]
pub fn string(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        s: value.as_bytes().to_vec(),
        r#type: AttributeType::String.into(),
        ..AttributeProto::default()
    }
}

/// `f32` values in row-major order, as many as the shape says.
#[must_use]
pub fn float_tensor(name: &str, shape: &[usize], values: &[f32]) -> TensorProto {
    TensorProto {
        dims: shape.iter().map(|&n| n as i64).collect(),
        data_type: DataType::Float.into(),
        name: name.to_owned(),
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
}

/// Signed bytes.
#[must_use]
pub fn byte_tensor(name: &str, shape: &[usize], values: &[i8]) -> TensorProto {
    TensorProto {
        dims: shape.iter().map(|&n| n as i64).collect(),
        data_type: DataType::Int8.into(),
        name: name.to_owned(),
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
}

/// A single unsigned byte without axes.
#[must_use]
pub fn byte_scalar(name: &str, value: u8) -> TensorProto {
    TensorProto {
        dims: Vec::new(),
        data_type: DataType::Uint8.into(),
        name: name.to_owned(),
        raw_data: vec![value].into(),
        ..TensorProto::default()
    }
}

/// A list of 32-bit integers.
#[must_use]
pub fn int32_tensor(name: &str, values: &[i32]) -> TensorProto {
    TensorProto {
        dims: vec![values.len() as i64],
        data_type: DataType::Int32.into(),
        name: name.to_owned(),
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ..TensorProto::default()
    }
}

/// A column of numbers: n × 1.
#[must_use]
pub fn int_column(name: &str, values: &[usize]) -> TensorProto {
    TensorProto {
        dims: vec![values.len() as i64, 1],
        ..int_tensor(name, values)
    }
}

/// A single number without axes.
#[must_use]
pub fn int_scalar(name: &str, value: usize) -> TensorProto {
    TensorProto {
        dims: Vec::new(),
        ..int_tensor(name, &[value])
    }
}

/// A list of 64-bit integers.
#[must_use]
pub fn int_tensor(name: &str, values: &[usize]) -> TensorProto {
    TensorProto {
        dims: vec![values.len() as i64],
        data_type: DataType::Int64.into(),
        name: name.to_owned(),
        raw_data: values
            .iter()
            .flat_map(|&v| (v as i64).to_le_bytes())
            .collect(),
        ..TensorProto::default()
    }
}

/// One size of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dim<'a> {
    /// Known.
    Fixed(usize),
    /// Open, under this name: the same size wherever the name stands.
    Open(&'a str),
    /// Open, and unlike any other.
    Unknown,
}

/// A float tensor batch × `dims`, the batch size left open.
#[must_use]
pub fn batched_value(name: &str, dims: &[usize]) -> ValueInfoProto {
    let fixed = dims.iter().map(|&n| Dim::Fixed(n));
    let dims: Vec<_> = std::iter::once(Dim::Open("batch")).chain(fixed).collect();
    float_value(name, &dims)
}

/// A float tensor.
#[must_use]
pub fn float_value(name: &str, dims: &[Dim<'_>]) -> ValueInfoProto {
    let value = |dim: &Dim<'_>| match dim {
        Dim::Fixed(n) => Some(dimension::Value::DimValue(*n as i64)),
        Dim::Open(name) => Some(dimension::Value::DimParam((*name).to_owned())),
        Dim::Unknown => None,
    };
    let dim = dims
        .iter()
        .map(value)
        .map(|value| Dimension { value })
        .collect();
    let tensor = type_proto::Tensor {
        elem_type: DataType::Float.into(),
        shape: Some(TensorShapeProto { dim }),
    };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
        }),
    }
}
