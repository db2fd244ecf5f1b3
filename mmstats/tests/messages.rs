//! What the compiler says about mistakes in `stats!`: in words that tell what to write.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The library as this test was linked with it: the newest that is not newer than the test.
fn library(deps: &Path, test: &Path) -> Option<PathBuf> {
    let made = |path: &Path| {
        path.metadata().and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let names = fs::read_dir(deps).unwrap().flatten().map(|entry| entry.path());
    let libraries = names.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libmmstats-") && name.ends_with(".rlib") && made(path) <= made(test)
    });
    libraries.max_by_key(|path| made(path))
}

/// What the compiler says about a program with these items. `None` if it cannot be asked.
fn compile(items: &str) -> Option<(bool, String)> {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("program.rs");
    fs::write(&source, format!("#![allow(dead_code)]\nuse mmstats::*;\n{items}\n")).unwrap();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.args(["--edition=2021", "--crate-type=lib", "--emit=metadata", "--color=never"]);
    rustc.arg("--out-dir").arg(dir.path()).arg("-L").arg(format!("dependency={}", deps.display()));
    let Some(library) = library(deps, &test) else {
        eprintln!("no library beside the test: skipped");
        return None;
    };
    rustc.arg("--extern").arg(format!("mmstats={}", library.display())).arg(&source);
    let Ok(output) = rustc.output() else {
        eprintln!("no rustc to ask: skipped");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Of another target, of another compiler, or made for a sanitizer.
    if ["E0461", "E0514", "ABI mismatch"].iter().any(|reason| said.contains(reason)) {
        eprintln!("the library is not for the compiler at hand: skipped");
        return None;
    }
    Some((output.status.success(), said))
}

#[track_caller]
fn is_refused(items: &str, words: &[&str]) {
    let Some((compiles, said)) = compile(items) else { return };
    assert!(!compiles, "{items}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in:\n{said}");
    }
}

#[test]
fn what_is_right_compiles() {
    let items = r#"
        mod labels { pub const HITS: &str = "hits"; }
        stats! {
            /// Words.
            #[derive(Debug)]
            pub struct Inner { pub n: Counter, r#type: Counter }
            pub struct Web {
                pub hits: Counter = labels::HITS,
                pid: Static<u32> { value: 1 },
                one: Inner = "one.",
                two: Inner = "two.",
                plain: Inner,
                none: () = "",
                requests: Family<Counter> { limit: 3 },
            }
            struct Empty {}
        }
    "#;
    let Some((compiles, said)) = compile(items) else { return };
    assert!(compiles && said.is_empty(), "{said}");
}

#[test]
fn a_label_that_comes_twice() {
    is_refused(
        r#"stats! { struct Web { hits: Counter, requests: Timer = "hits" } }"#,
        &[
            "the label of field `requests` of `Web` is that of a field before it: give it another, as in `requests: Type = \"label\"`",
        ],
    );
    is_refused(
        r#"const A: &str = "a"; const B: &str = "a"; stats! { struct Web { x: Counter = A, y: Counter = B } }"#,
        &["the label of field `y` of `Web` is that of a field before it"],
    );
    is_refused(
        r#"stats! { struct Web { r#type: Counter, kind: Counter = "type" } }"#,
        &["the label of field `kind`"],
    );
}

#[test]
fn a_label_that_is_empty() {
    is_refused(
        r#"stats! { struct Web { hits: Counter = "" } }"#,
        &[
            "the label of field `hits` of `Web` is empty: give it one with characters, or none, and it is the field's name",
        ],
    );
}

#[test]
fn a_static_field_without_its_value() {
    for of in ["Static<u32>", "StaticText"] {
        is_refused(
            &format!("stats! {{ struct Web {{ pid: {of} }} }}"),
            &["a static field lacks its value", "write `name: Static<u32> { value: 8 }`"],
        );
    }
}

#[test]
fn a_type_that_is_no_field() {
    for of in ["u64", "String", "Vec<Counter>"] {
        is_refused(
            &format!("stats! {{ struct Web {{ n: {of} }} }}"),
            &["` is not a type of field", "such as `Counter`, `Gauge<u64>`"],
        );
    }
}

#[test]
fn a_value_that_is_no_spec() {
    is_refused(
        "fn add(builder: &mut Builder<'_>) { let _ = builder.add(\"n\", 5); }",
        &["`{integer}` is not the specification of a field", "write `Counter::spec()`"],
    );
}

#[test]
fn nobody_else_makes_types_of_fields() {
    is_refused("struct Mine; impl Field for Mine { type Spec = (); fn spec() {} }", &["sealed"]);
}
