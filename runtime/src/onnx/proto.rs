//! The messages of the ONNX format (IR version 8), as far as this project writes them.
//!
//! Names, field numbers and types are those of `onnx/onnx.proto` in the ONNX project
//! (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>), written down by hand: so few
//! are needed that building a compiler for `.proto` files costs more. Lists of numbers are
//! packed, as in `onnx.proto3`; readers of either accept both. Fields that are missing here
//! are lost in reading, which [`decode_network`](super::decode_network) notices.

use prost::bytes::Bytes;
use prost::{Enumeration, Message, Oneof};

/// A file: a graph, and which version of the operators it is made of.
#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    /// Version of the format.
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    /// The program that wrote it.
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// Its version.
    #[prost(string, tag = "3")]
    pub producer_version: String,
    /// The graph.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<GraphProto>,
    /// Versions of the operators.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSetIdProto>,
    /// Anything else that readers may want to know.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<StringStringEntryProto>,
}

/// A name and its value.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct StringStringEntryProto {
    /// The name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A version of a set of operators.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct OperatorSetIdProto {
    /// Whose; empty for ONNX itself.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// Which.
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// Nodes in order of execution, the constants that they read, inputs and outputs.
#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
    /// The nodes.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeProto>,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The constants.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<TensorProto>,
    /// The inputs.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfoProto>,
    /// The outputs.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfoProto>,
}

/// An operation.
#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
    /// Names of what it reads; an empty one is left out.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of what it gives.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// Its own name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The operator.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// Its settings.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeProto>,
}

/// A setting of an operator.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The value of [`AttributeType::Float`](attribute_proto::AttributeType::Float).
    #[prost(float, tag = "2")]
    pub f: f32,
    /// The value of [`AttributeType::Int`](attribute_proto::AttributeType::Int).
    #[prost(int64, tag = "3")]
    pub i: i64,
    /// The value of [`AttributeType::String`](attribute_proto::AttributeType::String).
    #[prost(bytes = "vec", tag = "4")]
    pub s: Vec<u8>,
    /// The value of [`AttributeType::Ints`](attribute_proto::AttributeType::Ints).
    #[prost(int64, repeated, tag = "8")]
    pub ints: Vec<i64>,
    /// Which of the values counts.
    #[prost(enumeration = "attribute_proto::AttributeType", tag = "20")]
    pub r#type: i32,
}

/// Types within [`AttributeProto`].
pub mod attribute_proto {
    use super::Enumeration;

    /// Which value an attribute has.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
    #[repr(i32)]
    pub enum AttributeType {
        /// None.
        Undefined = 0,
        /// A number.
        Float = 1,
        /// A whole number.
        Int = 2,
        /// Text.
        String = 3,
        /// Whole numbers.
        Ints = 7,
    }
}

/// A constant.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct TensorProto {
    /// Its shape.
    #[prost(int64, repeated, tag = "1")]
    pub dims: Vec<i64>,
    /// A [`DataType`](tensor_proto::DataType).
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    /// Its name.
    #[prost(string, tag = "8")]
    pub name: String,
    /// The values: little-endian, row-major.
    #[prost(bytes = "bytes", tag = "9")]
    pub raw_data: Bytes,
    /// Where the values are, if in another file: its name, offset and length.
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<StringStringEntryProto>,
    /// A [`DataLocation`](tensor_proto::DataLocation).
    #[prost(enumeration = "tensor_proto::DataLocation", tag = "14")]
    pub data_location: i32,
}

/// Types within [`TensorProto`].
pub mod tensor_proto {
    use super::Enumeration;

    /// What a tensor holds.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
    #[repr(i32)]
    pub enum DataType {
        /// Not said.
        Undefined = 0,
        /// `f32`.
        Float = 1,
        /// `u8`.
        Uint8 = 2,
        /// `i8`.
        Int8 = 3,
        /// `i32`.
        Int32 = 6,
        /// `i64`.
        Int64 = 7,
        /// `f16`.
        Float16 = 10,
    }

    /// Where the values of a tensor are.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
    #[repr(i32)]
    pub enum DataLocation {
        /// In the tensor.
        Default = 0,
        /// In another file.
        External = 1,
    }
}

/// Name and type of an input or output.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct ValueInfoProto {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<TypeProto>,
}

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct TypeProto {
    /// Its kind.
    #[prost(oneof = "type_proto::Value", tags = "1")]
    pub value: Option<type_proto::Value>,
}

/// Types within [`TypeProto`].
pub mod type_proto {
    use super::{Message, Oneof};

    /// A tensor's type.
    #[derive(Clone, PartialEq, Eq, Hash, Message)]
    pub struct Tensor {
        /// A [`DataType`](super::tensor_proto::DataType).
        #[prost(int32, tag = "1")]
        pub elem_type: i32,
        /// Its shape.
        #[prost(message, optional, tag = "2")]
        pub shape: Option<super::TensorShapeProto>,
    }

    /// Kinds of types.
    #[derive(Clone, PartialEq, Eq, Hash, Oneof)]
    pub enum Value {
        /// A tensor.
        #[prost(message, tag = "1")]
        TensorType(Tensor),
    }
}

/// The sizes of a value.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct TensorShapeProto {
    /// One a side.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<tensor_shape_proto::Dimension>,
}

/// Types within [`TensorShapeProto`].
pub mod tensor_shape_proto {
    use super::{Message, Oneof};

    /// One size; nothing where it is open.
    #[derive(Clone, PartialEq, Eq, Hash, Message)]
    pub struct Dimension {
        /// What is known of it.
        #[prost(oneof = "dimension::Value", tags = "1, 2")]
        pub value: Option<dimension::Value>,
    }

    /// Types within [`Dimension`].
    pub mod dimension {
        use super::Oneof;

        /// What is known of a size.
        #[derive(Clone, PartialEq, Eq, Hash, Oneof)]
        pub enum Value {
            /// The size.
            #[prost(int64, tag = "1")]
            DimValue(i64),
            /// A name: the same size wherever it stands.
            #[prost(string, tag = "2")]
            DimParam(String),
        }
    }
}
