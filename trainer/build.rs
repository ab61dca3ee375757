//! Generates the ONNX message types (no protoc needed) and tells the linker where
//! the binaries find libtorch at run time.

include!("rpath.rs");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=rpath.rs");
    println!("cargo::rerun-if-changed=proto/onnx.proto");
    let descriptors = protox::compile(["onnx.proto"], ["proto"])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    link_libtorch();
    Ok(())
}
