// Included by the build scripts of every package whose binaries load libtorch.

/// Tells the linker where a binary looks for libtorch: beside an installed binary,
/// below the checkout (seen from target/PROFILE and target/PROFILE/deps), and last
/// where it was at build time.
fn link_libtorch() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    let unpacked = ".native/torch/torch/lib";
    for folder in ["../lib", &format!("../../{unpacked}"), &format!("../../../{unpacked}")] {
        println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/{folder}");
    }
    if let Ok(libtorch) = std::env::var("LIBTORCH") {
        let lib = std::path::Path::new(&libtorch).join("lib");
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
        if lib.join("libtorch_cuda.so").exists() {
            // Nothing refers to it by name, yet loading it is what adds the GPU.
            println!("cargo::rustc-link-arg=-Wl,--no-as-needed,-ltorch_cuda,--as-needed");
        }
    }
}
