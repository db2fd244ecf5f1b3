//! cleanstats: remove the files of writers that are gone, and nothing else.

#![forbid(unsafe_code)]

mod archive;
mod choice;
mod clean;
mod fold;
mod gather;
mod look;
mod record;
mod removal;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use cli::{Output, Stop, Tool, When};
use lexopt::prelude::*;

use choice::Choice;
use clean::Cleaner;
use record::Records;

const HELP: &str = "\
Remove the stats files of programs that have ended.

Usage: cleanstats [OPTION]... [PATH]...

PATH is a stats file or a directory; a directory means every *.mmstats
below it, and for files that dead writers left there under temporary names.
Without PATH, the files that match $MMSTATS_GLOB are read, else those in
$MMSTATS_PATH, else those in the temporary directory.

Options:
  -n, --dry-run         print what would be done, and do nothing
  -q, --quiet           print errors only
  -v, --verbose         also print why each file is kept, and a summary
  -u, --uid USER        only files of this owner, a name or a number; may be
                        repeated
      --older-than AGE  only files whose last change is older: 90s, 10m, 2h, 3d
      --unknown         also remove files whose state cannot be determined
      --fold            add the counts of each file to one file per command
                        before it is removed, so that no sum falls
      --archive FILE    append the final values of each file to FILE, as JSON
                        lines, before the file is removed
      --color WHEN      auto, always or never
  -h, --help            print this help
  -V, --version         print the version

Exit status: 0 success, also if there was nothing to do; 1 something could not
be read or removed; 2 usage error.
";

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Voice {
    /// Errors only.
    Quiet,
    /// What was removed.
    #[default]
    Plain,
    /// What was kept, too.
    Verbose,
}

/// What the command line asks for.
#[derive(Default)]
struct Request {
    dry_run: bool,
    voice: Voice,
    choice: Choice,
    unknown: bool,
    fold: bool,
    archive: Option<PathBuf>,
    color: When,
    operands: Vec<OsString>,
}

fn main() -> ExitCode {
    cli::run("cleanstats", run)
}

fn run(tool: &Tool) -> Result<(), Stop> {
    let Some(request) = parse(tool)? else { return Ok(()) };
    let out = Output::standard()?;
    let records = Records::new(out, request.voice, request.color, request.dry_run);
    let mut cleaner = Cleaner::new(tool, &request, records);
    gather::each_batch(tool, &request.operands, |batch| cleaner.clean(&batch))?;
    cleaner.finish()
}

/// Reads the command line. `None` where help or version was all that was wanted.
fn parse(tool: &Tool) -> Result<Option<Request>, Stop> {
    let mut request = Request::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('n') | Long("dry-run") => request.dry_run = true,
            Short('q') | Long("quiet") => request.voice = Voice::Quiet,
            Short('v') | Long("verbose") => request.voice = Voice::Verbose,
            Short('u') | Long("uid") => request.choice.add_owner(&parser.value()?)?,
            Long("older-than") => request.choice.set_age(&parser.value()?)?,
            Long("unknown") => request.unknown = true,
            Long("fold") => request.fold = true,
            Long("archive") => request.archive = Some(parser.value()?.into()),
            Long("color") => request.color = When::parse(&parser.value()?)?,
            Short('h') | Long("help") => return tool.help(HELP),
            Short('V') | Long("version") => return tool.version(),
            Value(operand) => request.operands.push(operand),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(request))
}
