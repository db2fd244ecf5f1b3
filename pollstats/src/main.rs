//! pollstats: columns over time.

#![forbid(unsafe_code)]

mod amount;
mod buckets;
mod change;
mod class;
mod column;
mod count;
mod field;
mod filter;
mod fold;
mod known;
mod mixed;
mod nearest;
mod poll;
mod polled;
mod records;
mod row;
mod rows;
mod settle;
mod table;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::time::Duration;

use cli::{Output, Stop, Ticker, Tool, When, escape, number};
use files::{Operands, Roster};
use lexopt::prelude::*;
use mmstats::{Certainty, Snapshot};

use field::ColumnField;
use filter::Filters;
use nearest::nearest;
use poll::Poll;
use polled::PolledFile;
use records::Separator;
use rows::Rows;

const HELP: &str = "\
Print what running programs publish as rows over time, as vmstat does.

Usage: pollstats [OPTION]... FIELD[,FIELD]... [PATH]...

There is a column for each FIELD, which is a label. Files of version 2 say what
a field means: of a counter, what was counted since the row before, summed over
all files; of a gauge, the value, by the rule of the field (sum, avg, min, max,
latest); of a timestamp the latest; of info the text, or how many differ.
FIELD:PART is one number of a field with several: count, sum, mean, max and any
percentile (p99, p99.9) of a histogram, of what was recorded in all files since
the row before; count, sum and mean of a mean likewise; count, sum, mean, max
and rate of a window (rate60); count, sum, mean, max, min, last and percentiles
of the last numbers. Without PART it is the mean. =FIELD shows what there is
since the start.
Files of version 1 do not say what a field means. There, an integer is taken for
a counter unless it is =FIELD, of floats the mean over the files is shown, of
bools how many are true. Values that cannot be one are left out and named.
The first row has the totals since the start. On a terminal, seconds, bytes and
ratios are in units that people read.

PATH is a stats file or a directory; a directory means every *.mmstats
below it. Without PATH, the files that match $MMSTATS_GLOB are read, else
*.mmstats in $MMSTATS_PATH, else in the temporary directory. New files are
added as they appear. Files of processes that have ended are left out unless
they are named: their gauges say nothing about the present.

Options:
  -c, --count N         stop after N rows
  -d, --delay SECONDS   time between rows, default 1; fractions are allowed
  -f, --filter EXPR     only files that have a label beginning with EXPR or,
                        for LABEL=VALUE, the label with that value; if there
                        are several, all must hold, but of several values for
                        one label only one
  -n, --headers N       print the header every N rows, or once for 0; the
                        default is the terminal's height, or 20
  -p, --prefix PREFIX   put PREFIX, or PREFIX and a dot, before every FIELD
  -r, --rate            print what was counted per second, for any delay
  -t, --timestamp       begin each row with the time (UTC)
  -y, --no-first        leave out the first row
  -P, --pid PID         the files that process PID has mapped, wherever they
                        are; a name means all processes of that name; may be
                        repeated
  -A, --all             those of every process that can be seen
  -v                    print which files are left out; -vv: also which join
                        and leave; -vvv: also what a row costs
  -o, --output FORMAT   text, tsv, csv or json; text is the default
      --color WHEN      auto, always or never
  -h, --help            print this help
  -V, --version         print the version

Exit status: 0 success, 1 something could not be read or written or no file has
a FIELD, 2 usage error.
";

/// How rows look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Text,
    Separated(Separator),
    Json,
}

/// What the command line asks for.
#[derive(Default)]
struct Request {
    count: Option<u64>,
    delay: Option<Duration>,
    filters: Vec<OsString>,
    headers: Option<usize>,
    prefix: OsString,
    is_rate: bool,
    has_time: bool,
    without_first: bool,
    format: Format,
    color: When,
    fields: Option<OsString>,
    operands: Operands,
}

fn main() -> ExitCode {
    cli::run("pollstats", poll)
}

/// Reads the command line. `None` where help or version was all that was wanted.
fn parse(tool: &Tool) -> Result<Option<Request>, Stop> {
    let mut request = Request::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('c') | Long("count") => request.count = Some(number("--count", &parser.value()?, 1)?),
            Short('d') | Long("delay") => {
                request.delay = Some(cli::seconds("--delay", &parser.value()?, 0.001)?);
            }
            Short('f') | Long("filter") => request.filters.push(parser.value()?),
            Short('n') | Long("headers") => {
                let rows = number("--headers", &parser.value()?, 0)?;
                request.headers = Some(usize::try_from(rows).unwrap_or(usize::MAX));
            }
            Short('p') | Long("prefix") => request.prefix = parser.value()?,
            Short('r') | Long("rate") => request.is_rate = true,
            Short('t') | Long("timestamp") => request.has_time = true,
            Short('y') | Long("no-first") => request.without_first = true,
            Short('P') | Long("pid") => cli::process(&mut request.operands, &parser.value()?)?,
            Short('A') | Long("all") => request.operands.add_all_processes(),
            Short('v') => tool.set_verbosity(tool.verbosity().saturating_add(1)),
            Short('o') | Long("output") => request.format = format(&parser.value()?)?,
            Long("color") => request.color = When::parse(&parser.value()?)?,
            Short('h') | Long("help") => return tool.help(HELP),
            Short('V') | Long("version") => return tool.version(),
            Value(fields) if request.fields.is_none() => request.fields = Some(fields),
            Value(operand) => request.operands.paths.push(operand),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(request))
}

fn format(value: &OsStr) -> Result<Format, Stop> {
    let formats = [
        ("text", Format::Text),
        ("tsv", Format::Separated(Separator::Tab)),
        ("csv", Format::Separated(Separator::Comma)),
        ("json", Format::Json),
    ];
    cli::word("--output", value, &formats)
}

fn poll(tool: &Tool) -> Result<(), Stop> {
    let Some(request) = parse(tool)? else { return Ok(()) };
    let Some(list) = &request.fields else { return Err(Stop::Usage("no FIELD is given".to_owned())) };
    let prefix = request.prefix.as_bytes();
    let fields = list.to_str().and_then(|list| field::fields(list, prefix));
    let Some(fields) = fields else {
        return Err(Stop::Usage(format!("FIELD[,FIELD]... takes labels, not {list:?}")));
    };
    if let Some(name) = twice(&request, &fields) {
        return Err(Stop::Usage(format!("--output json: two columns are called {name:?}")));
    }
    let mut filters = Filters::default();
    for filter in &request.filters {
        filters.add(filter.clone(), prefix);
    }
    let mut out = Output::standard()?;
    let mut rows = Rows::new(&request, &fields, &out);
    let mut ticker = Ticker::new(request.delay.unwrap_or(Duration::from_secs(1)))?;
    let mut roster = Roster::new(request.operands.clone(), Certainty::Newest);
    let mut poll = Poll::new(fields, filters, request.is_rate);
    let mut left = request.count;
    let mut is_first = true;
    loop {
        let row = poll.row(tool, &mut roster)?;
        if tool.verbosity() >= 3 {
            let (files, cost) = (roster.members().len(), poll.cost());
            tool.say(&format!("{files} files read in {} us", cost.as_micros()));
        }
        if is_first {
            check(tool, &poll, &roster)?;
        }
        if !(is_first && request.without_first) {
            rows.write(&row, &mut out)?;
            // Somebody may wait for this row and no other.
            out.flush()?;
            left = left.map(|left| left - 1);
        }
        if left == Some(0) {
            // The end of the process closes all files, in less time than it takes to close each.
            std::mem::forget(roster);
            return Ok(());
        }
        is_first = false;
        ticker.wait()?;
    }
}

/// The name that two members of an object would have: its time, too, is one.
fn twice<'a>(request: &Request, fields: &'a [ColumnField]) -> Option<Cow<'a, str>> {
    let mut seen = HashSet::new();
    if request.format != Format::Json {
        return None;
    }
    if request.has_time {
        seen.insert(Cow::Borrowed("time"));
    }
    fields.iter().map(|field| escape(field.name.as_bytes())).find(|name| !seen.insert(name.clone()))
}

/// Makes sure that there is something to show: zeros for ever would say that all is quiet.
fn check(tool: &Tool, poll: &Poll, roster: &Roster<PolledFile>) -> Result<(), Stop> {
    if roster.members().is_empty() {
        roster.absence().iter().for_each(|notice| tool.tell(notice));
        return Err(Stop::Failed);
    }
    let files = match roster.members().len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    if !poll.has_matched() {
        tool.error_at("--filter", &format!("no match in {files}"));
        return Err(Stop::Failed);
    }
    let missing = poll.missing(roster);
    if missing.is_empty() {
        return Ok(());
    }
    let labels = labels(roster);
    for field in missing {
        let wanted = field.spelling.best();
        let word = field.name.trim_start_matches('=').as_bytes();
        let near = nearest(wanted, word, labels.iter().map(Vec::as_slice));
        let near: Vec<_> = near.into_iter().map(escape).collect();
        let near = if near.is_empty() { "no label at all".to_owned() } else { near.join(", ") };
        tool.error_at(&escape(wanted), &format!("no such label in {files}; nearest: {near}"));
    }
    Err(Stop::Failed)
}

/// All labels of the files that count.
fn labels(roster: &Roster<PolledFile>) -> BTreeSet<Vec<u8>> {
    let mut labels = BTreeSet::new();
    let mut snapshot = Snapshot::new();
    for member in roster.members().iter().filter(|member| member.state.counts) {
        if member.read(&mut snapshot).is_ok() {
            for field in snapshot.fields().flatten() {
                if !labels.contains(field.label()) {
                    labels.insert(field.label().to_vec());
                }
            }
        }
    }
    labels
}
