//! Tells the linker where the check finds libtorch at run time.

include!("../../trainer/rpath.rs");

fn main() {
    println!("cargo::rerun-if-changed=../../trainer/rpath.rs");
    link_libtorch();
}
