//! Links a tool with the compiler's static copy of libgcc, which Rust's standard library wants for backtraces. A
//! tenth of what starting a tool costs is loading the shared one.

#![allow(clippy::print_stdout)] // How a build script speaks to cargo.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=../link.rs");
    let is = |variable: &str, value: &str| std::env::var(variable).is_ok_and(|is| is == value);
    let native = std::env::var("HOST").ok() == std::env::var("TARGET").ok();
    if !native || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    // Only the name comes back where the compiler has none.
    let Ok(found) = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output() else { return };
    if found.stdout.starts_with(b"/") {
        println!("cargo::rustc-link-lib=gcc_eh");
        // The shared library comes later on the linker's command line and has nothing left to give then.
        for symbol in ["_Unwind_Backtrace", "_Unwind_GetIP"] {
            println!("cargo::rustc-link-arg-bins=-Wl,--undefined={symbol}");
        }
    }
}
