//! The README: what it shows can be typed, and what it says about the tools is so.

use std::fs;

use harness::has;

use super::{GUESTS, TOOLS, root, text, writer::Web};

/// A command and what the README shows of its output.
struct Shown {
    command: String,
    output: Vec<String>,
}

/// The `console` blocks' commands.
fn commands(readme: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => inside = true,
            ("```", _) => inside = false,
            (_, Some(command)) if inside => {
                commands.push(Shown { command: command.to_owned(), output: Vec::new() });
            }
            _ if inside => commands.last_mut().unwrap().output.push(line.to_owned()),
            _ => {}
        }
    }
    commands
}

/// How many parts the records have: what a script that was written by the README relies on.
fn columns(lines: &[String]) -> Vec<usize> {
    lines.iter().map(|line| line.split('\t').count()).collect()
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let web = Web::start();
    let dir = tempfile::tempdir().unwrap();
    let commands = commands(&readme);
    assert!(commands.len() > 15);
    for Shown { command, output } in commands {
        // Those build and install: landing runs them.
        if command.starts_with("make ") || command.starts_with("cargo ") {
            continue;
        }
        let needs = |guest: &&&str| command.split_whitespace().any(|word| word == **guest);
        if GUESTS.iter().filter(needs).any(|guest| !has(guest)) {
            continue;
        }
        let ran = web.run(&command, dir.path());
        assert_eq!((text(&ran.stderr), ran.status.code()), ("", Some(0)), "{command}");
        let printed: Vec<_> = text(&ran.stdout).lines().map(str::to_owned).collect();
        let (printed, shown) = (columns(&printed), columns(&output));
        assert_eq!(printed.is_empty(), shown.is_empty(), "{command}");
        // There may be more or fewer records here, but not other ones.
        for columns in &printed {
            assert!(shown.contains(columns), "{command}: {columns} parts");
        }
    }
}

#[test]
fn the_readme_names_every_tool_and_the_versions_that_are_used() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for (tool, _) in TOOLS {
        assert!(readme.contains(&format!("| `{tool}` |")), "{tool}");
    }
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    let version = readme.split_once("cargo-deb@").unwrap().1.split_whitespace().next().unwrap();
    assert!(ci.contains(&format!("cargo-deb@{version}")));
}
