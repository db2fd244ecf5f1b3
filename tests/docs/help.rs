//! What a tool says of itself: `--help`, and the parser's source.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// An option, as help and pages write it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opt {
    pub(crate) short: Option<char>,
    pub(crate) long: Option<String>,
    /// What its value is called.
    pub(crate) argument: Option<String>,
}

impl Opt {
    /// What can be typed: `-p`, `--prefix`.
    pub(crate) fn names(&self) -> Vec<String> {
        let short = self.short.map(|short| format!("-{short}"));
        short.into_iter().chain(self.long.as_ref().map(|long| format!("--{long}"))).collect()
    }

    /// Takes in one word of an option's head.
    pub(crate) fn note(&mut self, word: &str) {
        let word = word.trim_end_matches(',');
        if let Some(long) = word.strip_prefix("--") {
            self.long = Some(long.to_owned());
        } else if let Some(short) = word.strip_prefix('-') {
            self.short = short.chars().next();
        } else if !word.is_empty() {
            self.argument = Some(word.to_owned());
        }
    }
}

/// What `--help` prints.
pub(crate) struct Help {
    pub(crate) options: Vec<Opt>,
    texts: Vec<String>,
    /// The operands in the usage line.
    pub(crate) operands: Vec<String>,
}

impl Help {
    pub(crate) fn of(tool: &str) -> Self {
        let output = Command::new(super::binary(tool)).arg("--help").output().unwrap();
        assert_eq!((super::text(&output.stderr), output.status.code()), ("", Some(0)), "{tool} --help");
        let mut this = Self { options: Vec::new(), texts: Vec::new(), operands: Vec::new() };
        for line in super::text(&output.stdout).lines() {
            assert!(line.chars().count() <= 80, "{tool} --help: too long for a terminal: {line}");
            if let Some(usage) = line.strip_prefix(&format!("Usage: {tool} [OPTION]...")) {
                this.operands = usage.split_whitespace().map(str::to_owned).collect();
            } else if line.starts_with("  ") && line.trim_start().starts_with('-') {
                let (head, about) = line.trim_start().split_once("  ").unwrap_or((line, ""));
                let mut option = Opt::default();
                head.split_whitespace().for_each(|word| option.note(word));
                this.options.push(option);
                this.texts.push(about.trim().to_owned());
            } else if let (true, Some(told)) = (line.starts_with("        "), this.texts.last_mut()) {
                told.push(' ');
                told.push_str(line.trim());
            }
        }
        assert!(!this.options.is_empty(), "{tool} --help lists no options");
        this
    }

    /// What is told of an option, in one line.
    pub(crate) fn text_of(&self, option: &Opt) -> &str {
        &self.texts[self.options.iter().position(|other| other == option).unwrap()]
    }
}

/// The long options in the `match` of a tool's parser.
pub(crate) fn longs_in_source(tool: &str) -> BTreeSet<String> {
    let mut longs = BTreeSet::new();
    gather(&super::root().join(tool).join("src"), &mut longs);
    longs
}

fn gather(dir: &Path, longs: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            gather(&entry.path(), longs);
        } else {
            let source = fs::read_to_string(entry.path()).unwrap();
            // `Long("a")`, `Long("a" | "b")`.
            let arms = source.split("Long(\"").skip(1).filter_map(|arm| arm.split_once("\")"));
            longs.extend(arms.flat_map(|(names, _)| names.split("\" | \"")).map(str::to_owned));
        }
    }
}
