//! The layout of the structures, frozen with the major number of the interface, in Rust
//! and in C.

use std::fmt::Write;
use std::mem::offset_of;

use cfa::types::{CFA_MESSAGE_CAPACITY, cfa_error, cfa_image, cfa_map, cfa_str, cfa_verdict};

use crate::workbench::{Workbench, has, include, run, succeeds};

/// `size TYPE BYTES`, or `offset TYPE.FIELD BYTES`, on machines with 64-bit pointers.
const FROZEN: &str = "
size cfa_error 1036
offset cfa_error.status 4
offset cfa_error.message_len 8
offset cfa_error.message 12
size cfa_str 16
offset cfa_str.len 8
size cfa_image 56
offset cfa_image.format 4
offset cfa_image.width_px 8
offset cfa_image.height_px 12
offset cfa_image.roi_x_px 16
offset cfa_image.roi_y_px 20
offset cfa_image.roi_width_px 24
offset cfa_image.roi_height_px 28
offset cfa_image.stride_bytes 32
offset cfa_image.data_len 40
offset cfa_image.data 48
size cfa_verdict 88
offset cfa_verdict.decision 4
offset cfa_verdict.width_px 8
offset cfa_verdict.height_px 12
offset cfa_verdict.score 16
offset cfa_verdict.remarks 20
offset cfa_verdict.p_value 24
offset cfa_verdict.peak_x_px 32
offset cfa_verdict.peak_y_px 40
offset cfa_verdict.decode_ns 48
offset cfa_verdict.preprocess_ns 56
offset cfa_verdict.network_ns 64
offset cfa_verdict.neighbors_ns 72
offset cfa_verdict.map_ns 80
size cfa_map 32
offset cfa_map.size 4
offset cfa_map.width_px 8
offset cfa_map.height_px 12
offset cfa_map.capacity 16
offset cfa_map.data 24
";

/// The layout of this build.
macro_rules! found {
    ($($type:ident { $($field:ident),* })*) => {{
        let mut text = String::from("\n");
        $(
            writeln!(text, "size {} {}", stringify!($type), size_of::<$type>()).unwrap();
            $(
                let bytes = offset_of!($type, $field);
                writeln!(text, "offset {}.{} {bytes}", stringify!($type), stringify!($field)).unwrap();
            )*
        )*
        text
    }};
}

#[test]
#[cfg(target_pointer_width = "64")]
fn structures_lie_in_memory_as_they_did_in_the_first_version() {
    let found = found! {
        cfa_error { status, message_len, message }
        cfa_str { len }
        cfa_image {
            format, width_px, height_px, roi_x_px, roi_y_px, roi_width_px, roi_height_px,
            stride_bytes, data_len, data
        }
        cfa_verdict {
            decision, width_px, height_px, score, remarks, p_value, peak_x_px, peak_y_px,
            decode_ns, preprocess_ns, network_ns, neighbors_ns, map_ns
        }
        cfa_map { size, width_px, height_px, capacity, data }
    };
    assert_eq!(found, FROZEN);
    assert_eq!(CFA_MESSAGE_CAPACITY, 1024);
}

#[test]
#[cfg(target_pointer_width = "64")]
fn c_sees_the_same_layout() {
    let mut text = String::from("#include <cfa.h>\n");
    for line in FROZEN.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let (kind, what, bytes) = (words.next(), words.next().unwrap(), words.next().unwrap());
        let measured = match kind {
            Some("size") => format!("sizeof({what})"),
            _ => format!("offsetof({})", what.replace('.', ", ")),
        };
        writeln!(text, "_Static_assert({measured} == {bytes}, \"{what}\");").unwrap();
    }
    let bench = Workbench::new();
    let source = bench.write("layout.c", &text);
    let compile = |compiler: &str, more: &[&str]| {
        let mut command = std::process::Command::new(compiler);
        command
            .args(["-std=c11", "-Werror", "-fsyntax-only"])
            .args(more);
        command.arg("-I").arg(include()).arg(&source);
        command
    };
    succeeds(&mut compile("gcc", &[]));
    if !has("clang", "--version") {
        return;
    }
    // The C library of another processor is rarely there; the header needs little of it.
    let stub = bench.at("stub");
    std::fs::create_dir(&stub).unwrap();
    std::fs::write(stub.join("string.h"), STRING_H).unwrap();
    let foreign = |target: &str| {
        let target = format!("--target={target}");
        let stub = stub.to_str().unwrap();
        let mut command = compile("clang", &[&target, "-ffreestanding", "-nostdlibinc"]);
        command.args(["-isystem", stub]);
        command
    };
    succeeds(&mut foreign("aarch64-linux-gnu"));
    // With pointers of 32 bits the layout is another, and this one is seen to be wrong.
    let other = run(&mut foreign("i686-linux-gnu"));
    assert!(!other.status.success(), "{other:?}");
    std::fs::write(&source, "#include <cfa.h>\n").unwrap();
    succeeds(&mut foreign("i686-linux-gnu"));
}

/// What the header calls of the C library.
const STRING_H: &str = "
#include <stddef.h>
void *memset(void *to, int byte, size_t count);
size_t strlen(const char *text);
";
