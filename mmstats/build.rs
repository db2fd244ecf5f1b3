//! Finds out which compiler builds the library (`org.rust.version` publishes it), and whether the library publishes
//! anything at all on the platform that it is built for: then `cfg(publishes)` is set.

use std::env::var_os;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=MMSTATS_RUSTC={}", version.trim());

    println!("cargo::rustc-check-cfg=cfg(publishes)");
    let is_linux = var_os("CARGO_CFG_TARGET_OS").is_some_and(|system| system == "linux");
    // `--cfg mmstats_elsewhere` makes Linux another platform, to try what is done there.
    if is_linux && var_os("CARGO_CFG_MMSTATS_ELSEWHERE").is_none() {
        println!("cargo::rustc-cfg=publishes");
    }
}
