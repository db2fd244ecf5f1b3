//! The page in a real browser, where there is one: `tests/python/page.py` says what it does.

use std::process::Command;

use harness::{has, has_loopback};

#[test]
fn the_page_works_in_a_browser() {
    if !["chromedriver", "python3"].iter().all(|program| has(program)) || !has_loopback() {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/page.py");
    let output = Command::new("python3").args([script, env!("CARGO_BIN_EXE_mmash")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
}
