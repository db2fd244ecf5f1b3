//! Gives the shared library its name for the loader, and keeps it loaded: threads that end call into it.

#![allow(clippy::print_stdout)] // How a build script speaks to cargo.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        for argument in ["-soname,libmmstats.so.0", "-z,nodelete", "-z,defs"] {
            println!("cargo::rustc-cdylib-link-arg=-Wl,{argument}");
        }
    }
}
