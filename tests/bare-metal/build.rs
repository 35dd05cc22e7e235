//! Gives the linker the memory map of the board.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link");
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo tells the folder");
    let target = std::env::var("TARGET").expect("cargo tells the target");
    let map = match target.split('-').next() {
        // The least programs fit into 16 KiB, all promises together do not.
        Some("thumbv6m") => {
            println!("cargo::rustc-link-arg-bins=-L{folder}/link");
            println!("cargo::rustc-link-arg-bin=static_graph=-Tmicrobit.ld");
            println!("cargo::rustc-link-arg-bin=static_taskflow=-Tmicrobit.ld");
            println!("cargo::rustc-link-arg-bin=conformance=-Tmps2.ld");
            return;
        }
        Some("thumbv7em") => "mps2",
        Some("riscv64gc" | "riscv64") => "riscv64-virt",
        Some("aarch64") => "aarch64-virt",
        Some("wasm32") => {
            println!("cargo::rustc-link-arg-bins=--export=program");
            return;
        }
        _ => return,
    };
    println!("cargo::rustc-link-arg-bins=-L{folder}/link");
    println!("cargo::rustc-link-arg-bins=-T{map}.ld");
}
