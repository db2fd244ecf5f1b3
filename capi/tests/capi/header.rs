//! The header, held to what the library exports.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use harness::{has, run};

use super::built::{include, library};
use super::root;

/// The functions that the header declares.
pub(crate) fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(include().join("mmstats.h")).unwrap();
    let mut inside = false;
    let code = header.lines().filter(|line| {
        let is_comment = inside || line.trim_start().starts_with("/*");
        inside = is_comment && !line.contains("*/");
        // Those that the header itself defines are no symbols.
        !is_comment && !line.starts_with("static inline") && line.ends_with(");") && !line.starts_with('\t')
    });
    let name = |line: &str| {
        let before = line.split('(').next().unwrap();
        before.rsplit([' ', '*']).next().unwrap().to_owned()
    };
    code.map(name).collect()
}

/// What a library defines and shows to others, all sections' symbols.
fn exported(end: &str, arguments: &[&str]) -> Option<BTreeSet<String>> {
    let library = library(end)?;
    if !has("nm") {
        return None;
    }
    let (symbols, _, code) = run(Command::new("nm").args(arguments).arg("--defined-only").arg(library));
    assert_eq!(code, Some(0));
    let name = |line: &str| Some(line.split_whitespace().nth(2)?.to_owned());
    Some(symbols.lines().filter_map(name).collect())
}

#[test]
fn the_header_declares_what_the_shared_library_exports_and_nothing_else() {
    let Some(exported) = exported("so", &["-D"]) else { return };
    assert!(declared().len() > 80);
    assert_eq!(declared(), exported);
}

#[test]
fn the_static_library_has_all_that_the_header_declares() {
    let Some(exported) = exported("a", &["--extern-only"]) else { return };
    let ours = |name: &&String| name.starts_with("mmstats_");
    assert_eq!(declared(), exported.iter().filter(ours).cloned().collect());
}

#[test]
fn the_header_needs_c99_or_cxx11_and_no_more() {
    for (compiler, standard, language) in [("cc", "-std=c99", "c"), ("c++", "-std=c++11", "c++")] {
        if !has(compiler) {
            continue;
        }
        let header = include().join("mmstats.h");
        let mut command = Command::new(compiler);
        command.args([standard, "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]);
        let (_, stderr, code) = run(command.args(["-x", language]).arg(header));
        assert_eq!((stderr.as_str(), code), ("", Some(0)), "{compiler} {standard}");
    }
}

#[test]
fn the_library_has_a_name_that_outlives_its_versions() {
    let Some(library) = library("so") else { return };
    if !has("readelf") {
        return;
    }
    let (dynamic, _, code) = run(Command::new("readelf").args(["--dynamic", "--wide"]).arg(library));
    assert_eq!(code, Some(0));
    assert!(dynamic.contains("soname: [libmmstats.so.0]"), "{dynamic}");
    // A thread that ends after the library was closed would call into nothing.
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
}

#[test]
fn the_package_says_in_which_version_each_function_came() {
    let symbols = fs::read_to_string(root().join("dist/deb/libmmstats0.symbols")).unwrap();
    let (first, symbols) = symbols.split_once('\n').unwrap();
    assert_eq!(first, "libmmstats.so.0 libmmstats0");
    let name = |line: &str| line.trim_start().split_once("@Base ").unwrap().0.to_owned();
    assert_eq!(symbols.lines().map(name).collect::<BTreeSet<_>>(), declared());
}
