//! A network of two operations, to try a provider with.

use prost::Message;

use crate::onnx::message::{batched_value, ints};
use crate::onnx::proto::{GraphProto, ModelProto, OperatorSetIdProto};
use crate::onnx::{INPUT, Nodes};

/// Channels, height and width of its input and output.
pub(super) const SHAPE: [usize; 3] = [3, 8, 8];

const OUTPUT: &str = "features";
/// Every supported ONNX Runtime reads this version.
const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;

/// An ONNX file: `input` (N×3×8×8), a 3×3 convolution, then `operation`, which must keep
/// the shape, and `features`.
pub(super) fn network(operation: &str) -> Vec<u8> {
    let model = ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }],
        graph: Some(graph(operation)),
        ..ModelProto::default()
    };
    model.encode_to_vec()
}

fn graph(operation: &str) -> GraphProto {
    let mut nodes = Nodes::default();
    // Each output channel is the mean of all inputs around it.
    let weights = nodes.floats("weights", &[3; 4], &[1.0 / 27.0; 3 * 3 * 3 * 3]);
    let pads = vec![ints("pads", &[1; 4])];
    let middle = nodes.apply("Conv", &[INPUT, &weights], "middle", pads);
    nodes.name_result(operation, &[&middle], OUTPUT, vec![]);
    GraphProto {
        name: "probe".to_owned(),
        node: nodes.nodes,
        initializer: nodes.constants,
        input: vec![batched_value(INPUT, &SHAPE)],
        output: vec![batched_value(OUTPUT, &SHAPE)],
    }
}
