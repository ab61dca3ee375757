//! Tells the linker where the binaries find libtorch at run time.

include!("rpath.rs");

fn main() {
    println!("cargo::rerun-if-changed=rpath.rs");
    link_libtorch();
}
