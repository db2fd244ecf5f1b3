//! mmcat: show the bytes of stats files and what they are.

#![forbid(unsafe_code)]

mod check;
mod dump;
mod number;
mod record;
mod region;
mod values;

use std::cell::Cell;
use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::Duration;

use cli::{Output, Stop, Tool, When};
use files::{Found, Operands, Ways};
use lexopt::prelude::*;
use mmstats::live::{Judge, Life};
use mmstats::{ErrorKind, Origin, Snapshot};

const HELP: &str = "\
Show the bytes of stats files and what they are.

Usage: mmcat [OPTION]... FILE...

FILE may be any regular file: what cannot be understood is shown as bytes, with
the reason. A directory means every *.mmstats below it.

Options:
  -o, --output FORMAT  text or lines; text, the default, is an annotated hex
                       dump; lines is one record per region, tab-separated:
                       FILE OFFSET LENGTH ROLE LABEL VALUE, with decimal offset
                       and length
  -P, --pid PID        the files that process PID has mapped, wherever they are;
                       a name means all processes of that name; may be repeated
  -A, --all            those of every process that can be seen
  -r, --raw            copy one consistent snapshot of the bytes of one FILE to
                       stdout, which must not be a terminal
      --check          print nothing for a sound file, else one line per
                       finding, tab-separated: FILE OFFSET SEVERITY LABEL
                       REASON; SEVERITY is defect or warning
      --color WHEN     auto, always or never
  -h, --help           print this help
  -V, --version        print the version

Roles and their colours:
  version       the format's version, 1 or 2                          yellow
  label-size    bytes of the label                                    yellow
  label         the label                                             cyan
  value         what a reader takes                                   bold green
  spare         the other buffer or copy, and unused places           green
  padding       white space or zeros that align what follows          dim
  end           a size of 0: no more fields                           dim
  tail          what follows the end                                  dim
  unknown       bytes that cannot be understood, with the reason      red
In version 1 also:
  type-size     bytes of the type and its padding                     yellow
  type          the type, a code of Python's struct                   magenta
  write-buffer  the buffer that is not current; 255: one value only   yellow
In version 2 also:
  byte-order    1 little-endian, 2 big-endian                         yellow
  first-record  offset of the first record                            yellow
  record-size   bytes of the record                                   yellow
  record-type   a block of values, or a field                         magenta
  data-type     how the value is stored                               magenta
  metric-type   what the value means                                  magenta
  value-at      offset of the value                                   yellow
  value-size    bytes of the value                                    yellow
  items-size    bytes of the items                                    yellow
  item-id       which property of the field: unit, help and so on     magenta
  item-size     bytes of the item                                     yellow
  item          what the item says                                    magenta
  control       how to read a value: capacity, which copy is current  yellow
  gap           bytes of a block that no field points to              dim
  skipped       a record or value of an unknown type                  dim
A line with a label alone says whose value follows, in version 2.
A * represents lines that are the same as the line above it.

Exit status: 0 success, 1 something could not be read or written, or --check
found a defect (warnings are not errors), 2 usage error.
";

/// How often a file that may be in use is looked at before its defects are believed, and how long to wait
/// in between: a writer that was interrupted while it added a field is back by then.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);
/// How many pauses a run may make: many broken files should not take for ever.
const PAUSES: u32 = 200;

/// What is to be done with each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Dump,
    Records,
    Raw,
    Check,
}

/// What the command line asks for.
struct Request {
    job: Job,
    color: When,
    operands: Operands,
}

fn main() -> ExitCode {
    cli::run("mmcat", cat)
}

fn cat(tool: &Tool) -> Result<(), Stop> {
    let Some(request) = parse(tool)? else { return Ok(()) };
    let mut out = Output::standard()?;
    if request.job == Job::Raw && out.is_terminal() {
        let message = "--raw does not write to a terminal, which may act on the bytes";
        return Err(Stop::Usage(message.to_owned()));
    }
    let files = cli::find(tool, &request.operands, Ways::All);
    if request.job == Job::Raw && files.len() > 1 {
        let message = format!("--raw copies one file, not {}: nobody could tell them apart", files.len());
        return Err(Stop::Usage(message));
    }
    print(tool, &request, &files, &mut out)?;
    out.flush()
}

/// Reads the command line. `None` where help or version was all that was wanted.
fn parse(tool: &Tool) -> Result<Option<Request>, Stop> {
    let (mut raw, mut check, mut output) = (false, false, None);
    let (mut color, mut operands) = (When::Auto, Operands::default());
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('o') | Long("output") => output = Some(format(&parser.value()?)?),
            Short('P') | Long("pid") => cli::process(&mut operands, &parser.value()?)?,
            Short('A') | Long("all") => operands.add_all_processes(),
            Short('r') | Long("raw") => raw = true,
            Long("check") => check = true,
            Long("color") => color = When::parse(&parser.value()?)?,
            Short('h') | Long("help") => return tool.help(HELP),
            Short('V') | Long("version") => return tool.version(),
            Value(operand) => operands.paths.push(operand),
            other => return Err(other.unexpected().into()),
        }
    }
    let job = match (raw, check, output) {
        (false, false, output) => output.unwrap_or(Job::Dump),
        (true, false, None) => Job::Raw,
        (false, true, None) => Job::Check,
        _ => return Err(Stop::Usage("only one of --output, --raw and --check makes sense".to_owned())),
    };
    if operands.is_without_paths() && !operands.has_processes() {
        return Err(Stop::Usage("FILE is missing".to_owned()));
    }
    Ok(Some(Request { job, color, operands }))
}

fn format(value: &OsStr) -> Result<Job, Stop> {
    cli::word("--output", value, &[("text", Job::Dump), ("lines", Job::Records)])
}

fn print(tool: &Tool, request: &Request, files: &[Found], out: &mut Output) -> Result<(), Stop> {
    let color = request.color.decide(out.is_terminal());
    let mut snapshot = Snapshot::new();
    let checker = Checker { judge: Judge::new(), pauses: Cell::new(PAUSES) };
    let mut is_first = true;
    for found in files {
        let path = &found.path;
        if !read(tool, &mut snapshot, found) {
            continue;
        }
        match request.job {
            Job::Dump => {
                if !is_first {
                    out.write_str("\n")?;
                }
                dump::write(path, snapshot.bytes(), color, out)?;
            }
            Job::Records => record::write(path, snapshot.bytes(), color, out)?,
            Job::Raw => out.write_bytes(snapshot.bytes())?,
            Job::Check => {
                let findings = checker.check(tool, &mut snapshot, found);
                check::write(path, &findings, color, out)?;
                if check::has_defect(&findings) {
                    tool.fail();
                }
            }
        }
        is_first = false;
        complain(tool, &snapshot);
    }
    Ok(())
}

/// Reads a file, or says why not.
fn read(tool: &Tool, snapshot: &mut Snapshot, found: &Found) -> bool {
    match found.read_whole(snapshot) {
        Ok(()) => return true,
        // It was there a moment ago: its process has ended, and that is no error.
        Err(error) if error.is_not_found() && found.origin == Origin::Found => {}
        Err(error) => tool.report(&error),
    }
    false
}

/// Says what of a file could not be read. That a file makes no sense is not said: its bytes are there.
fn complain(tool: &Tool, snapshot: &Snapshot) {
    for error in snapshot.fields().filter_map(Result::err) {
        if error.kind() == ErrorKind::Unstable {
            tool.report(&error);
        }
    }
    let (held, limit) = (snapshot.bytes().len(), Snapshot::LIMIT);
    let size = snapshot.file().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len());
    if held >= limit && size > held as u64 {
        tool.error(snapshot.path(), &format!("only the first {held} of {size} bytes are read"));
    }
}

/// Looks for defects that stay.
struct Checker {
    judge: Judge,
    /// How many pauses are left.
    pauses: Cell<u32>,
}

impl Checker {
    fn check(&self, tool: &Tool, snapshot: &mut Snapshot, found: &Found) -> Vec<check::Finding> {
        let findings = check::findings(snapshot.bytes());
        if !check::has_defect(&findings) || self.judge.judge(snapshot).life == Life::Dead {
            return findings;
        }
        let mut looks = 1;
        let lasting = check::lasting(findings, || {
            if looks == LOOKS {
                return Ok(None);
            }
            looks += 1;
            if let Some(left) = self.pauses.get().checked_sub(1) {
                self.pauses.set(left);
                std::thread::sleep(PAUSE);
            }
            if read(tool, snapshot, found) { Ok(Some(check::findings(snapshot.bytes()))) } else { Err(()) }
        });
        lasting.unwrap_or_default()
    }
}
