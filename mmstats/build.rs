//! Finds out which compiler builds the library: `org.rust.version` publishes it.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=MMSTATS_RUSTC={}", version.trim());
}
