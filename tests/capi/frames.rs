//! Arrays of Python, described where they lie.

use std::process::Command;

use crate::workbench::{bundle, example, has, libraries, onnxruntime, succeeds};

/// Arrays as `NumPy` describes its own, without `NumPy`. The cut-out lies in the larger picture,
/// and must give the bits of its copy.
const ARRAYS: &str = r#"
import ctypes as c, sys
sys.path.insert(0, sys.argv[1])
from inspect_frame import score, image_of
from inspect_picture import Cfa, Str

class Array:
    def __init__(self, data, shape, strides=None, offset=0, typestr="|u1"):
        self.memory = data
        address = c.addressof(data) + offset
        self.__array_interface__ = {
            "shape": shape, "strides": strides, "typestr": typestr, "data": (address, False),
        }

rows, columns = 60, 80
numbers = [i * 7 % 251 for i in range(rows * columns * 3)]
whole = (c.c_uint8 * len(numbers))(*numbers)
row = columns * 3
cut = [numbers[y * row + 9 : y * row + 9 + 40 * 3] for y in range(4, 54)]
copy = (c.c_uint8 * (50 * 40 * 3))(*[n for line in cut for n in line])

cfa = Cfa(sys.argv[2])
options, model, session = c.c_void_p(), c.c_void_p(), c.c_void_p()
cfa.call("cfa_options_new", c.byref(options))
cfa.call("cfa_options_set", options, Str.of("onnxruntime"), Str.of(sys.argv[3]))
cfa.call("cfa_model_open", Str.of(sys.argv[4]), options, c.byref(model))
cfa.call("cfa_session_new", model, options, c.byref(session))
view = Array(whole, (50, 40, 3), (row, 3, 1), 4 * row + 9)
plain = Array(copy, (50, 40, 3))
assert score(cfa, session, view).score == score(cfa, session, plain).score > 0

last = (rows - 1) * row
refused = {
    "flipped": Array(whole, (rows, columns, 3), (-row, 3, 1), last),
    "mirrored": Array(whole, (rows, columns, 3), (row, -3, 1), row - 3),
    "thinned out": Array(whole, (rows, columns // 2, 3), (row, 6, 1)),
    "turned": Array(whole, (columns, rows, 3), (3, row, 1)),
    "blue first": Array(whole, (rows, columns, 3), (row, 3, -1), 2),
    "one row for all": Array(whole, (rows, columns, 3), (0, 3, 1)),
}
for name, array in refused.items():
    try:
        image_of(array)
    except ValueError as error:
        assert "ascontiguousarray" in str(error), error
    else:
        raise AssertionError(name)
try:
    image_of(Array(whole, (10, 10), typestr="<f4"))
except ValueError as error:
    assert "<f4" in str(error), error
else:
    raise AssertionError("floats")

# Who does not look at the strides is told by libcfa.
image = image_of(plain)
image.stride_bytes = -120
from inspect_picture import Verdict, sized
try:
    cfa.call("cfa_session_score", session, c.byref(image), c.byref(sized(Verdict)), None)
except RuntimeError as error:
    assert "stride_bytes is -120" in str(error) and "top to bottom" in str(error), error
else:
    raise AssertionError("a negative stride")
"#;

#[test]
fn arrays_are_inspected_in_place_or_refused_with_what_helps() {
    if !has("python3", "--version") {
        return;
    }
    let mut python = Command::new("python3");
    python.args(["-B", "-c", ARRAYS]).arg(example("python"));
    python.arg(libraries().join("libcfa.so.1"));
    succeeds(python.arg(onnxruntime()).arg(bundle()));
}
