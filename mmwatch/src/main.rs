//! mmwatch: what changed.

#![forbid(unsafe_code)]

mod records;
mod rows;
mod together;
mod until;
mod wait;
mod watch;

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cli::{Labels, Output, Stop, Ticker, Tool, When};
use figures::Function;
use files::{Operands, Roster};
use lexopt::prelude::*;
use mmstats::Certainty;

use records::{Format, Records};
use until::Until;
use wait::Wait;
use watch::Watch;

const HELP: &str = "\
Print what changes in what running programs publish.

Usage: mmwatch [OPTION]... [PATH]...

One record per change, tab-separated: time (UTC), file, label, old value, new
value. A change of a file as a whole has no label, and its new value is
appeared, vanished, or, if the file is still there but its process has ended,
died. A field that is added has no old value. The first reading prints nothing;
the next one is compared with it.
A field that has several numbers has a record for some of them, under
LABEL:PART: of a histogram count, p50, p99 (or the percentiles that it names)
and max, of a mean count and mean, of a window of 60 seconds rate60, mean60 and
max60, of the last numbers last. -p LABEL:PART chooses any other.

PATH is a stats file or a directory; a directory means every *.mmstats
below it. Without PATH, the files that match $MMSTATS_GLOB are read, else
*.mmstats in $MMSTATS_PATH, else in the temporary directory. Files of
processes that have ended are left out unless they are named.

Options:
  -p, --prefix PREFIX    only labels that begin with PREFIX; may be repeated
  -x, --exclude PREFIX   no labels that begin with PREFIX; may be repeated
  -d, --delay SECONDS    time between readings, default 1, 0.01 or more
  -c, --count N          stop after N records; with --until this is a failure
  -i, --initial          first print everything that is there
  -o, --output FORMAT    lines or json; lines is the default
      --until EXPR       stop as soon as EXPR holds in some file: LABEL OP
                         VALUE, where OP is one of = != < <= > >=; the label may
                         appear later; if it contains an operator, it must be in
                         double quotes; LABEL may be LABEL:PART, as in
                         'web.answer:p99 > 0.5'
  -a, --aggregate FN     with --until: EXPR must hold for the label over all
                         files; FN is sum, avg, min, max, one, nonzero-avg,
                         nonzero-min or auto (by what the field means); a sum
                         becomes 0 when no file is left
      --timeout SECONDS  stop after that time, with exit status 3
  -P, --pid PID          the files that process PID has mapped, wherever they
                         are; a name means all processes of that name; may be
                         repeated
  -A, --all              those of every process that can be seen
      --color WHEN       auto, always or never
  -h, --help             print this help
  -V, --version          print the version

Exit status: 0 success, 1 something could not be read or written or the records
of --count were printed before --until held, 2 usage error, 3 the time of
--timeout is over.
";

/// The exit code where the time was up.
const TIME_IS_UP: u8 = 3;

/// What the command line asks for.
#[derive(Default)]
struct Request {
    labels: Labels,
    delay: Option<Duration>,
    count: Option<u64>,
    initial: bool,
    format: Format,
    until: Option<Until>,
    function: Option<Function>,
    timeout: Option<Duration>,
    color: When,
    operands: Operands,
}

fn main() -> ExitCode {
    cli::run("mmwatch", watch)
}

/// Reads the command line. `None` where help or version was all that was wanted.
fn parse(tool: &Tool) -> Result<Option<Request>, Stop> {
    let mut request = Request::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('p') | Long("prefix") => request.labels.prefixes.push(parser.value()?),
            Short('x') | Long("exclude") => request.labels.excluded.push(parser.value()?),
            Short('d') | Long("delay") => {
                request.delay = Some(cli::seconds("--delay", &parser.value()?, 0.01)?);
            }
            Short('c') | Long("count") => request.count = Some(cli::number("--count", &parser.value()?, 1)?),
            Short('i') | Long("initial") => request.initial = true,
            Short('o') | Long("output") => request.format = format(&parser.value()?)?,
            Long("until") => request.until = Some(Until::parse(&parser.value()?)?),
            Short('a') | Long("aggregate") => {
                request.function = Some(cli::word("--aggregate", &parser.value()?, &Function::NAMES)?);
            }
            Long("timeout") => request.timeout = Some(cli::seconds("--timeout", &parser.value()?, 0.0)?),
            Short('P') | Long("pid") => cli::process(&mut request.operands, &parser.value()?)?,
            Short('A') | Long("all") => request.operands.add_all_processes(),
            Long("color") => request.color = When::parse(&parser.value()?)?,
            Short('h') | Long("help") => return tool.help(HELP),
            Short('V') | Long("version") => return tool.version(),
            Value(operand) => request.operands.paths.push(operand),
            other => return Err(other.unexpected().into()),
        }
    }
    if request.function.is_some() && request.until.is_none() {
        return Err(Stop::Usage("--aggregate says what --until is about, and there is none".to_owned()));
    }
    Ok(Some(request))
}

fn format(value: &OsStr) -> Result<Format, Stop> {
    cli::word("--output", value, &[("lines", Format::Lines), ("json", Format::Json)])
}

fn watch(tool: &Tool) -> Result<(), Stop> {
    let Some(request) = parse(tool)? else { return Ok(()) };
    let deadline = request.timeout.map(|timeout| Instant::now() + timeout);
    let mut out = Output::standard()?;
    let records = Records { format: request.format, color: request.color.decide(out.is_terminal()) };
    let mut ticker = Ticker::new(request.delay.unwrap_or(Duration::from_secs(1)))?;
    let mut roster = Roster::new(request.operands, Certainty::Published);
    if request.until.is_some() {
        // A script that waits for a value may well wait for the program that publishes it.
        roster = roster.patient();
    }
    let mut watch = Watch::new(request.labels, records, &mut out);
    watch.wait = request.until.map(|until| Wait::new(until, request.function));
    (watch.left, watch.initial) = (request.count, request.initial);
    let waits = watch.wait.is_some();
    let mut goes_on = watch.look(tool, &mut roster)?;
    if roster.members().is_empty() && !waits {
        roster.absence().iter().for_each(|notice| tool.tell(notice));
        return Err(Stop::Failed);
    }
    while goes_on {
        let in_time = ticker.wait_or(deadline)?;
        goes_on = watch.look(tool, &mut roster)?;
        if goes_on && !in_time {
            return Err(Stop::Exit(TIME_IS_UP));
        }
    }
    match (&watch.wait, request.count) {
        // A file that could not be read has nothing to do with what was waited for.
        (Some(wait), _) if wait.holds() => Err(Stop::Exit(0)),
        (Some(_), Some(count)) => {
            let records = if count == 1 { "record" } else { "records" };
            tool.error_at("--until", &format!("did not hold within {count} {records}"));
            Err(Stop::Failed)
        }
        _ => Ok(()),
    }
}
