//! The page in real browsers, where there are any: `tests/python/page.py` and `others.py` say what they do.

use std::process::Command;

use harness::{has, has_loopback, skip};

fn drive(script: &str, arguments: &[&str]) {
    let script = format!("{}/../tests/python/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("python3");
    let output = command.arg(script).arg(env!("CARGO_BIN_EXE_mmash")).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{said}", String::from_utf8_lossy(&output.stdout));
}

fn has_all(programs: &[&str]) -> bool {
    programs.iter().all(|program| has(program)) && has_loopback()
}

#[test]
fn the_page_works_in_a_browser() {
    if has_all(&["chromedriver", "python3"]) {
        drive("page.py", &[]);
    }
}

#[test]
fn values_move_in_firefox() {
    if has_all(&["firefox-esr", "python3"]) {
        drive("others.py", &["firefox"]);
    }
}

#[test]
fn values_move_in_webkit() {
    if !has_all(&["WebKitWebDriver", "Xvfb", "python3"]) {
        return;
    }
    let is_there = |entry: std::fs::DirEntry| entry.path().join("webkit2gtk-4.1/MiniBrowser").exists();
    if !std::fs::read_dir("/usr/lib").is_ok_and(|entries| entries.flatten().any(is_there)) {
        return skip("MiniBrowser is not installed");
    }
    drive("others.py", &["webkit"]);
}
