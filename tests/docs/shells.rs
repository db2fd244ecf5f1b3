//! The completions, in the shells that they are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use harness::has;

use super::help::Help;
use super::page::Page;
use super::writer::Web;
use super::{TOOLS, root, text, tools};

const SHELLS: &[Shell] = &[
    Shell {
        program: "bash",
        options: &["--norc"],
        ending: ".bash",
        is_one_file: true,
        completes_directory: false,
    },
    Shell { program: "zsh", options: &["-f"], ending: "", is_one_file: false, completes_directory: true },
    Shell {
        program: "fish",
        options: &["--no-config"],
        ending: ".fish",
        is_one_file: false,
        completes_directory: false,
    },
];

struct Shell {
    program: &'static str,
    /// So that it reads nobody's settings.
    options: &'static [&'static str],
    ending: &'static str,
    /// Whether the tools have one file, under the name of each.
    is_one_file: bool,
    /// Whether it loads completions from a directory, by name.
    completes_directory: bool,
}

impl Shell {
    fn file(&self, tool: &str) -> PathBuf {
        let start = if self.completes_directory { "_" } else { "" };
        root().join("completions").join(format!("{start}{tool}{}", self.ending))
    }

    /// Completes each line in a shell of its own kind, with nothing but one tool's completion loaded.
    fn complete(
        &self,
        web: &Web,
        tool: &str,
        lines: &[String],
        here: &Path,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let (directory, file) = (root().join("completions"), self.file(tool));
        let from = if self.completes_directory { directory } else { file };
        // A shell that waits for ever is a failure, too.
        let mut command = web.command("timeout", here);
        command
            .args(["30", self.program])
            .args(self.options)
            .arg(root().join("tests/docs").join(format!("complete.{}", self.program)));
        let mut shell = command
            .arg(from)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Fewer bytes than a pipe holds, so this cannot block.
        let asked = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        shell.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
        let output = shell.wait_with_output().unwrap();
        assert_eq!(text(&output.stderr), "", "{} for {tool}", self.program);
        assert!(output.status.success(), "{} for {tool}: {:?}", self.program, output.status);
        let mut replies = BTreeMap::new();
        let mut line = "";
        for shown in text(&output.stdout).lines() {
            match shown.strip_prefix('\t') {
                Some(reply) => {
                    let replies: &mut BTreeSet<_> = replies.get_mut(line).unwrap();
                    replies.insert(self.bare(line, reply));
                }
                None => {
                    line = shown;
                    replies.insert(line.to_owned(), BTreeSet::new());
                }
            }
        }
        assert_eq!(replies.len(), lines.len(), "{} answers every line", self.program);
        replies
    }

    /// The part of a reply that shells agree on. Some say the whole word and some the last part of it.
    fn bare(&self, line: &str, reply: &str) -> String {
        let word = line.rsplit(' ').next().unwrap_or_default();
        let reply = match word.split_once('=') {
            Some((option, _)) if option.starts_with("--") => {
                reply.strip_prefix(&format!("{option}=")).unwrap_or(reply)
            }
            _ => reply,
        };
        if word.contains('/') {
            let name = Path::new(reply.trim_end_matches('/')).file_name().unwrap();
            return name.to_str().unwrap().to_owned();
        }
        reply.trim_end_matches('/').to_owned()
    }
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// What to type, and what must be offered: exactly, or at least.
enum Offered {
    Exactly(BTreeSet<String>),
    AtLeast(BTreeSet<String>),
    /// Some shells say the whole word, others what is new in it.
    OneOf(BTreeSet<String>),
}

/// What the completions of a tool must do, by its help and its page.
fn cases(tool: &str, help: &Help, page: &Page, directory: &Path) -> Vec<(String, Offered)> {
    use Offered::{AtLeast, Exactly, OneOf};
    let names: Vec<_> = help.options.iter().flat_map(super::help::Opt::names).collect();
    let mut cases = vec![(format!("{tool} -"), Exactly(set(names.iter().map(String::as_str))))];
    let directory = directory.display();
    let labels = || {
        set(["web.stats.status.2XX", "web.stats.status.3XX", "web.stats.status.4XX", "web.stats.status.5XX"])
    };
    for (option, values) in page.options.iter().zip(&page.values) {
        let Some(argument) = &option.argument else { continue };
        for name in option.names() {
            let typed = format!("{tool} {name} ");
            let values = || set(values.iter().map(String::as_str));
            match argument.as_str() {
                _ if !values().is_empty() => {
                    cases.push((typed, Exactly(values())));
                    if name.starts_with("--") {
                        cases.push((format!("{tool} {name}="), Exactly(values())));
                    }
                }
                "PREFIX" => cases.push((format!("{typed}web.stats.status."), Exactly(labels()))),
                "EXPR" => cases.push((format!("{typed}web.stats.status."), AtLeast(labels()))),
                "FILE" => {
                    cases.push((format!("{typed}{directory}/"), AtLeast(set(["one.mmstats", "other.txt"]))));
                }
                // This process publishes, too, by way of `Web`.
                "PID" => {
                    let name = fs::read_to_string("/proc/self/comm").unwrap();
                    cases.push((typed, AtLeast(set([name.trim_end()]))));
                }
                "USER" => cases.push((format!("{typed}roo"), AtLeast(set(["root"])))),
                _ => cases.push((typed, Exactly(BTreeSet::new()))),
            }
        }
    }
    let files = || Exactly(set(["directory", "one.mmstats", "two.mmstats"]));
    if help.operands.iter().any(|operand| operand.contains("FIELD")) {
        let fields = || AtLeast(set(["2XX", "4XX", "5XX"]));
        cases.push((format!("{tool} web.stats.status."), AtLeast(labels())));
        cases.push((format!("{tool} -p web.stats.status. "), fields()));
        cases.push((format!("{tool} -p web.stats.status "), fields()));
        cases.push((format!("{tool} --prefix=web.stats.status. "), fields()));
        let next = || OneOf(set(["2XX,4XX", "2XX,=4XX", "=4XX", "4XX"]));
        cases.push((format!("{tool} -p web.stats.status. 2XX,4"), next()));
        cases.push((format!("{tool} -p web.stats.status. 2XX,=4"), next()));
        cases.push((format!("{tool} web.stats.status.2XX {directory}/"), files()));
    } else {
        cases.push((format!("{tool} {directory}/"), files()));
        cases.push((format!("{tool} {directory}/two.mmstats {directory}/"), files()));
    }
    cases
}

#[test]
fn the_shells_complete_what_help_and_page_say() {
    let web = Web::start();
    let here = tempfile::tempdir().unwrap();
    let directory = here.path().join("stats");
    fs::create_dir_all(directory.join("directory")).unwrap();
    for name in ["one.mmstats", "two.mmstats", "other.txt"] {
        fs::write(directory.join(name), "").unwrap();
    }
    for shell in SHELLS.iter().filter(|shell| has(shell.program)) {
        for (tool, page) in tools() {
            let cases = cases(tool, &Help::of(tool), &page, &directory);
            let lines: Vec<_> = cases.iter().map(|(line, _)| line.clone()).collect();
            let replies = shell.complete(&web, tool, &lines, here.path());
            for (line, offered) in &cases {
                let reply = &replies[line];
                match offered {
                    Offered::Exactly(words) => assert_eq!(reply, words, "{}: {line:?}", shell.program),
                    Offered::OneOf(words) => {
                        let is_one = reply.len() == 1 && reply.is_subset(words);
                        assert!(is_one, "{}: {line:?} gives {reply:?}", shell.program);
                    }
                    Offered::AtLeast(words) => {
                        assert!(reply.is_superset(words), "{}: {line:?} gives {reply:?}", shell.program);
                    }
                }
            }
        }
    }
}

#[test]
fn labels_come_from_the_files_on_the_command_line() {
    let (web, other) = (Web::start(), tempfile::tempdir().unwrap());
    let mail = mmstats::Options::new().dir(other.path()).label_prefix("mail.").create::<()>().unwrap();
    mail.add_field("with blank", mmstats::Counter::spec()).unwrap();
    mail.add_field("with\ttab", mmstats::Counter::spec()).unwrap();
    let line = format!("slurpstats {} -p mail.", other.path().display());
    for shell in SHELLS.iter().filter(|shell| has(shell.program)) {
        let replies = shell.complete(&web, "slurpstats", std::slice::from_ref(&line), other.path());
        let found: BTreeSet<_> = replies[&line].iter().map(|reply| reply.replace('\\', "")).collect();
        assert!(found.contains("mail.sys.pid") && found.contains("mail.with blank"), "{found:?}");
        assert!(found.iter().all(|label| !label.contains("tab")), "{}: {found:?}", shell.program);
    }
}

#[test]
fn every_completion_is_sound_and_shares_what_it_can() {
    for shell in SHELLS {
        let mut shared = BTreeMap::new();
        for (tool, _) in TOOLS {
            let file = shell.file(tool);
            let source =
                fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            // One file for all of them, or a part that is the same in each.
            let same = if shell.is_one_file {
                fs::canonicalize(&file).unwrap().into_os_string().into_string().unwrap()
            } else {
                let (_, after) = source.split_once("# {{{").unwrap();
                after.split_once("# }}}").unwrap().0.to_owned()
            };
            shared.entry(same).or_insert_with(Vec::new).push(*tool);
            if has(shell.program) {
                let mut check = std::process::Command::new(shell.program);
                let checked = check.args(shell.options).arg("-n").arg(&file).output().unwrap();
                assert_eq!(
                    (text(&checked.stderr), checked.status.code()),
                    ("", Some(0)),
                    "{}",
                    file.display()
                );
            }
        }
        let tools: Vec<_> = shared.values().collect();
        assert_eq!(tools.len(), 1, "{}: what is the same for all differs: {tools:?}", shell.program);
    }
}
