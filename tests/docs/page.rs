//! A manual page in mdoc, as far as the tests need to understand it.

use std::fs;
use std::path::{Path, PathBuf};

use super::help::Opt;

pub(crate) struct Page {
    path: PathBuf,
    source: String,
    /// The list items that begin with a flag.
    pub(crate) options: Vec<Opt>,
    /// For each of them, what is there as `Cm`: the values that it may have. Empty: anything.
    pub(crate) values: Vec<Vec<String>>,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let source = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (options, values) = options(&source);
        Self { path: path.to_owned(), source, options, values }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// What follows a macro where it first comes.
    pub(crate) fn argument_of(&self, name: &str) -> &str {
        let found = self.source.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("{}: no {name}", self.path.display()))
    }

    /// `NAME SECTION`.
    pub(crate) fn title(&self) -> String {
        self.argument_of(".Dt").to_owned()
    }

    /// The lines of a section; nothing where it is not there.
    pub(crate) fn section(&self, name: &str) -> &str {
        let Some((_, behind)) = self.source.split_once(&format!(".Sh {name}\n")) else { return "" };
        behind.split(".Sh ").next().unwrap()
    }

    /// The pages that it points to.
    pub(crate) fn references(&self) -> Vec<(String, String)> {
        let words: Vec<_> = self.source.split_whitespace().collect();
        let places = words.windows(3).filter(|three| three[0].trim_start_matches('.') == "Xr");
        places.map(|three| (three[1].to_owned(), three[2].to_owned())).collect()
    }

    /// Its examples: in literal displays, what follows `$ `, where a backslash at the end of a line
    /// goes on in the next, and below it what the command prints, if the page shows it.
    pub(crate) fn examples(&self) -> Vec<Example> {
        let mut examples: Vec<Example> = Vec::new();
        let (mut goes_on, mut is_shown) = (false, false);
        for line in self.section("EXAMPLES").lines() {
            let line = line.replace("\\e", "\\");
            let command = if goes_on { Some(&*line) } else { line.strip_prefix("$ ") };
            match (command, examples.last_mut()) {
                (Some(command), Some(last)) if goes_on => last.command.push_str(command),
                (Some(command), _) => {
                    examples.push(Example { command: command.to_owned(), shown: String::new() });
                }
                (None, Some(last)) if is_shown && line != ".Ed" => last.shown.push_str(&format!("{line}\n")),
                (None, _) => {
                    is_shown = false;
                    continue;
                }
            }
            is_shown = true;
            goes_on = command.is_some_and(|command| command.ends_with('\\'));
            if goes_on {
                let _ = examples.last_mut().unwrap().command.pop();
            }
        }
        assert!(!examples.is_empty(), "{}: no examples", self.path.display());
        examples
    }
}

/// A command, and what it prints.
pub(crate) struct Example {
    pub(crate) command: String,
    /// Empty: whatever.
    pub(crate) shown: String,
}

fn options(source: &str) -> (Vec<Opt>, Vec<Vec<String>>) {
    let (mut options, mut values) = (Vec::new(), Vec::<Vec<String>>::new());
    // How deep lists are nested, and how deep the current option's item is.
    let (mut depth, mut item) = (0, 0);
    for line in source.lines() {
        if line.starts_with(".Bl ") {
            depth += 1;
        } else if line == ".El" {
            depth -= 1;
            if depth < item {
                item = 0;
            }
        } else if let Some(head) = line.strip_prefix(".It Fl ") {
            let mut option = Opt::default();
            head.replace("Fl ", "-").split_whitespace().enumerate().for_each(|(place, word)| match place {
                0 => option.note(&format!("-{word}")),
                _ if word != "Ar" => option.note(word),
                _ => {}
            });
            options.push(option);
            values.push(Vec::new());
            item = depth;
        } else if item > 0 && line.starts_with('.') {
            let mut words = line.trim_start_matches('.').split_whitespace();
            while let Some(word) = words.next() {
                if let (true, Some(value), Some(values)) =
                    (word == "Cm", words.clone().next(), values.last_mut())
                {
                    if !values.iter().any(|known| known == value) {
                        values.push(value.to_owned());
                    }
                }
            }
        }
    }
    (options, values)
}
