//! The sources of truth agree: what a tool's parser takes, what its `--help` says, what its manual page
//! says and what three shells complete. And what the pages show can be done.
//!
//! A tool is added by a line in [`TOOLS`], once its page and its completions are there.

#![allow(clippy::unwrap_used)]

mod format;
mod help;
mod install;
mod page;
mod readme;
mod rules;
mod shells;
mod writer;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::{has, skip};
use help::Help;
use page::{Example, Page};
use writer::Web;

/// Every tool, and the section of its manual page.
const TOOLS: &[(&str, u8)] =
    &[("slurpstats", 1), ("pollstats", 1), ("mmwatch", 1), ("mmcat", 1), ("cleanstats", 8), ("mmash", 8)];

/// Pages that belong to no tool.
const OTHER_PAGES: &[&str] = &["mmstats.5", "mmstats.7"];

/// The page of the library for C, whose example that library's tests compile.
const LIBRARY_PAGE: &str = "mmstats.3";

/// Programs that examples call and that a machine may lack.
const GUESTS: &[&str] = &["jq", "less", "promtool"];

/// The top of the source tree.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The binary of a tool.
fn binary(tool: &str) -> PathBuf {
    harness::beside(env!("CARGO_BIN_EXE_slurpstats"), tool)
}

/// Where cargo has put the tools, all of which are there.
fn binaries() -> PathBuf {
    let paths: Vec<_> = TOOLS.iter().map(|(tool, _)| binary(tool)).collect();
    paths[0].parent().unwrap().to_owned()
}

/// The tools and their pages.
fn tools() -> impl Iterator<Item = (&'static str, Page)> {
    TOOLS.iter().map(|&(tool, section)| (tool, Page::read(&root().join(format!("man/{tool}.{section}")))))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs a tool with a command line that ends in usage errors, so that it never gets to work.
fn probe(tool: &str, arguments: &[&str]) -> Output {
    Command::new(binary(tool)).args(arguments).args(["--no-such-a", "--no-such-b"]).output().unwrap()
}

/// Whether the parser got past what is before the first wrong option.
fn got_past(output: &Output) -> bool {
    text(&output.stderr).contains("'--no-such-a'")
}

#[test]
fn help_and_page_have_the_same_options() {
    for (tool, page) in tools() {
        let help = Help::of(tool);
        assert_eq!(help.options, page.options, "{tool}: --help on the left, the page on the right");
        for option in &page.options {
            let synopsis = page.section("SYNOPSIS");
            let flag = option.names()[0].replacen('-', "Fl ", 1);
            let flag =
                option.argument.as_ref().map_or(flag.clone(), |argument| format!("{flag} Ar {argument}"));
            let alone = flag.trim_start_matches("Fl ");
            let is_there = synopsis.contains(&flag) || synopsis.split_whitespace().any(|word| word == alone);
            assert!(is_there, "{tool}: {flag} is not in the synopsis");
        }
    }
}

#[test]
fn the_parser_takes_what_help_says_and_nothing_else() {
    for (tool, _) in tools() {
        let help = Help::of(tool);
        let mut shorts = BTreeSet::new();
        for option in &help.options {
            for name in option.names() {
                shorts.extend(name.strip_prefix('-').filter(|rest| rest.len() == 1).map(str::to_owned));
                let output = probe(tool, &[&name]);
                if output.status.success() {
                    assert!(matches!(&*name, "-h" | "--help" | "-V" | "--version"), "{tool} {name}");
                    assert_eq!(text(&output.stderr), "", "{tool} {name}");
                    continue;
                }
                assert_eq!(output.status.code(), Some(2), "{tool} {name}: {}", text(&output.stderr));
                assert!(!text(&output.stderr).contains(&format!("'{name}'")), "{tool} does not know {name}");
                let takes_value = !got_past(&output);
                assert_eq!(takes_value, option.argument.is_some(), "{tool} {name}: whether it takes a value");
            }
        }
        for letter in (b'!'..=b'~').map(char::from).filter(|letter| !"-=".contains(*letter)) {
            let name = format!("-{letter}");
            let output = probe(tool, &[&name]);
            let is_known = !text(&output.stderr).contains(&format!("'{name}'"));
            assert_eq!(
                is_known,
                shorts.contains(&name[1..]),
                "{tool} {name}: known to the parser, to --help"
            );
        }
        // Long options cannot all be tried: those that the parser names must be those of --help.
        let known: BTreeSet<_> = help.options.iter().filter_map(|option| option.long.clone()).collect();
        assert_eq!(help::longs_in_source(tool), known, "{tool}: parser on the left, --help on the right");
    }
}

#[test]
fn fixed_values_are_the_same_for_page_help_and_parser() {
    for (tool, page) in tools() {
        let help = Help::of(tool);
        for (option, values) in page.options.iter().zip(&page.values).filter(|(_, values)| !values.is_empty())
        {
            let (last, others) = values.split_last().unwrap();
            let list = format!("{} or {last}", others.join(", "));
            let told = help.text_of(option);
            let exact = told.split(&list).collect::<Vec<_>>();
            let is_whole =
                exact.len() == 2 && !exact[0].trim_end().ends_with(',') && !exact[1].starts_with('-');
            assert!(is_whole, "{tool}: {list:?} is not in --help: {told:?}");
            for name in option.names() {
                for value in values {
                    assert!(got_past(&probe(tool, &[&name, value])), "{tool} {name} {value} is refused");
                }
                let refused = probe(tool, &[&name, "no-such-value"]);
                assert!(!got_past(&refused), "{tool} {name} takes any value");
                for value in values {
                    let message = text(&refused.stderr);
                    assert!(message.contains(value.as_str()), "{tool} {name}: {value} is not in {message:?}");
                }
            }
        }
    }
}

#[test]
fn every_page_is_clean_and_in_its_place() {
    let (has_mandoc, has_man) = (has("mandoc"), has("man"));
    let tools = TOOLS.iter().map(|(tool, section)| format!("{tool}.{section}"));
    let others = OTHER_PAGES.iter().chain([&LIBRARY_PAGE]);
    let names: Vec<_> = tools.chain(others.map(|&name| name.to_owned())).collect();
    let mut there: Vec<_> = fs::read_dir(root().join("man")).unwrap().flatten().collect();
    there.retain(|entry| !names.contains(&entry.file_name().into_string().unwrap()));
    assert!(there.is_empty(), "no line in TOOLS for {there:?}");
    for name in &names {
        let path = root().join("man").join(name);
        let page = Page::read(&path);
        assert_eq!(page.title(), name.to_uppercase().replace('.', " "));
        let system = format!("mmstats {}", env!("CARGO_PKG_VERSION"));
        assert_eq!(page.argument_of(".Os").trim_matches('"'), system, "{name}");
        for (other, section) in page.references() {
            let ours =
                names.iter().filter(|name| name.rsplit_once('.').is_some_and(|(name, _)| name == other));
            let sections: Vec<_> = ours.map(|name| name.rsplit_once('.').unwrap().1).collect();
            assert!(sections.is_empty() || sections.contains(&&*section), "{name}: {other}({section})");
        }
        if has_mandoc {
            let lint =
                Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&path).output().unwrap();
            assert_eq!((text(&lint.stdout), lint.status.code()), ("", Some(0)), "mandoc on {name}");
        }
        if has_man {
            let man = Command::new("man")
                .args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"])
                .arg(&path)
                .envs([("LC_ALL", "C.UTF-8"), ("MANROFFSEQ", ""), ("MANWIDTH", "80")])
                .output()
                .unwrap();
            assert_eq!((text(&man.stderr), man.status.code()), ("", Some(0)), "man-db on {name}");
        }
    }
    for (tool, section) in TOOLS {
        let page = Page::read(&root().join(format!("man/{tool}.{section}")));
        let wanted =
            ["ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES", "DIAGNOSTICS", "SEE ALSO", "HISTORY"];
        for section in wanted {
            assert!(!page.section(section).is_empty(), "{tool}: no {section}");
        }
        let suite = Page::read(&root().join("man/mmstats.7"));
        assert!(suite.source().contains(&format!(".It Xr {tool} {section}")), "mmstats(7) has no {tool}");
    }
}

#[test]
fn every_example_of_the_pages_does_what_it_says() {
    let web = Web::start();
    let tools = TOOLS.iter().map(|(tool, section)| format!("{tool}.{section}"));
    for name in tools.chain(OTHER_PAGES.iter().map(|&name| name.to_owned())) {
        let page = Page::read(&root().join("man").join(&name));
        // What one example leaves, the next may find.
        let directory = tempfile::tempdir().unwrap();
        for Example { command, shown } in page.examples() {
            let calls =
                |program: &&&str| command.split(|c: char| !c.is_alphanumeric()).any(|word| word == **program);
            if GUESTS.iter().filter(calls).any(|guest| !has(guest)) {
                continue;
            }
            if cfg!(target_endian = "big") && command.contains("hits.mmstats") {
                skip(&format!("this machine is not little-endian, as the page has it: {command}"));
                continue;
            }
            let output = web.run(&command, directory.path());
            assert_eq!(text(&output.stderr), "", "{name}: {command}");
            assert_eq!(output.status.code(), Some(0), "{name}: {command}");
            if !shown.is_empty() {
                // A page has blanks for the TABs.
                let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                assert_eq!(words(text(&output.stdout)), words(&shown), "{name}: {command}");
            }
        }
    }
}
