//! A network of two operations, to try a provider with.

/// Channels, height and width of its input and output.
pub(super) const SHAPE: [usize; 3] = [3, 8, 8];

/// Field numbers and types of the ONNX messages, as far as they are needed.
const FLOAT: u64 = 1;
const INTEGERS: u64 = 7;

/// An ONNX file: `input` (N×3×8×8), a 3×3 convolution, then `operation`, which must keep
/// the shape, and `features`.
pub(super) fn network(operation: &str) -> Vec<u8> {
    let graph = Message::default()
        .with(1, &convolution())
        .with(1, &node([&["middle"], &["features"]], operation))
        .text(2, "probe")
        .with(5, &weights())
        .with(11, &tensor("input"))
        .with(12, &tensor("features"));
    let opset = Message::default().text(1, "").number(2, 17);
    Message::default()
        .number(1, 8)
        .with(7, &graph)
        .with(8, &opset)
        .0
}

fn convolution() -> Message {
    let pads = Message::default()
        .text(1, "pads")
        .number(20, INTEGERS)
        .number(8, 1)
        .number(8, 1)
        .number(8, 1)
        .number(8, 1);
    node([&["input", "weights"], &["middle"]], "Conv").with(5, &pads)
}

fn node([inputs, outputs]: [&[&str]; 2], operation: &str) -> Message {
    let node = inputs
        .iter()
        .fold(Message::default(), |node, name| node.text(1, name));
    let node = outputs.iter().fold(node, |node, name| node.text(2, name));
    node.text(4, operation)
}

/// Each output channel is the mean of all inputs around it.
fn weights() -> Message {
    let values = [1.0_f32 / 27.0; 3 * 3 * 3 * 3];
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let sides = [3_u64; 4];
    let dimensions = sides
        .into_iter()
        .fold(Message::default(), |all, side| all.number(1, side));
    dimensions
        .number(2, FLOAT)
        .text(8, "weights")
        .bytes(9, &bytes)
}

fn tensor(name: &str) -> Message {
    let batch = Message::default().text(2, "batch");
    let side = |side: usize| Message::default().number(1, side as u64);
    let shape = SHAPE
        .into_iter()
        .fold(Message::default().with(1, &batch), |shape, length| {
            shape.with(1, &side(length))
        });
    let kind = Message::default().number(1, FLOAT).with(2, &shape);
    Message::default()
        .text(1, name)
        .with(2, &Message::default().with(1, &kind))
}

/// A protocol buffer message in the making.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn with(self, field: u64, inner: &Self) -> Self {
        self.bytes(field, &inner.0)
    }

    /// Seven bits a byte, lowest first; the eighth says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value > 0x7F {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
