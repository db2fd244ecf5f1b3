//! slurpstats: print every label and value.

#![forbid(unsafe_code)]

mod ahead;
mod destination;
mod prometheus;
mod records;
mod replace;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::{Labels, Objects, Output, Stop, Tool, When};
use figures::{Aggregate, Function};
use files::Ways;
use lexopt::prelude::*;
use mmstats::Snapshot;
use mmstats::live::{Judge, Life};

use ahead::Files;
use destination::Destination;
use prometheus::Reading;

const HELP: &str = "\
Print every label and value that running programs publish.

Usage: slurpstats [OPTION]... [PATH]...

PATH is a stats file or a directory; a directory stands for every *.mmstats
below it. Without PATH, the files that match $MMSTATS_GLOB are read, else
*.mmstats in $MMSTATS_PATH, else in the temporary directory.

Options:
  -p, --prefix PREFIX     only labels that begin with PREFIX; may be repeated
  -a, --aggregate FN      one record per label over all files; FN is sum,
                          avg, min, max, one, nonzero-avg or nonzero-min
  -o, --output FORMAT     text, lines, json or prometheus; the default is text
                          on a terminal and lines elsewhere
      --by WHAT           one Prometheus series per cmd, pid or file; the
                          default is cmd
      --metric-prefix P   what the names of Prometheus metrics begin with
      --output-file FILE  write to FILE, which is replaced as a whole
      --color WHEN        auto, always or never
  -h, --help              print this help
  -V, --version           print the version

Exit status: 0 success, 1 something could not be read or written, 2 usage error.
";

/// How records look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Lines,
    Json,
    Prometheus,
}

/// What the command line asks for.
#[derive(Default)]
struct Request {
    labels: Labels,
    function: Option<Function>,
    format: Option<Format>,
    output_file: Option<PathBuf>,
    color: When,
    prometheus: prometheus::Choice,
    operands: Vec<OsString>,
}

fn main() -> ExitCode {
    cli::run("slurpstats", slurp)
}

fn slurp(tool: &Tool) -> Result<(), Stop> {
    let Some(request) = parse(tool)? else { return Ok(()) };
    let found = cli::find(tool, &request.operands, Ways::One);
    let files = Files::new(tool, &found);
    let destination = match &request.output_file {
        None => Destination::Standard,
        Some(path) => match Destination::of(path) {
            Ok(destination) => destination,
            Err(error) => return Err(failed(tool, path, &error)),
        },
    };
    match destination {
        Destination::Standard => write(tool, &request, &files, Output::standard()?),
        Destination::Through(file) => {
            let written = write(tool, &request, &files, Output::to(Box::new(file)));
            written.map_err(|stop| said(tool, request.output_file.as_deref(), stop))
        }
        Destination::Replaced(new) => {
            let written = new.writer().map_err(Stop::Output);
            let written = written.and_then(|writer| write(tool, &request, &files, Output::to(writer)));
            written.map_err(|stop| said(tool, Some(new.target()), stop))?;
            let target = new.target().to_owned();
            if files.has_read() {
                return new.put_in_place().map_err(|error| failed(tool, &target, &error));
            }
            // That there are none is said already.
            if !found.is_empty() {
                tool.error(&target, &"it stays as it was: not one file could be read");
            }
            Ok(())
        }
    }
}

/// Reports an error of what `--output-file` names.
fn failed(tool: &Tool, path: &Path, error: &std::io::Error) -> Stop {
    tool.error(path, &cli::plain(error));
    Stop::Failed
}

/// Reports an error of the output as one of `path`.
fn said(tool: &Tool, path: Option<&Path>, stop: Stop) -> Stop {
    match (stop, path) {
        (Stop::Output(error), Some(path)) => failed(tool, path, &error),
        (other, _) => other,
    }
}

fn write(tool: &Tool, request: &Request, files: &Files<'_>, mut out: Output) -> Result<(), Stop> {
    print(tool, request, files, &mut out)?;
    out.flush()
}

/// Reads the command line. `None` where help or version was all that was wanted.
fn parse(tool: &Tool) -> Result<Option<Request>, Stop> {
    let mut request = Request::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('p') | Long("prefix") => request.labels.prefixes.push(parser.value()?),
            Short('a') | Long("aggregate") => {
                request.function = Some(cli::word("--aggregate", &parser.value()?, &Function::NAMES)?);
            }
            Short('o') | Long("output") => request.format = Some(format(&parser.value()?)?),
            Long("output-file") => request.output_file = Some(parser.value()?.into()),
            Long("by") => request.prometheus.set_by(&parser.value()?)?,
            Long("metric-prefix") => request.prometheus.set_prefix(&parser.value()?)?,
            Long("color") => request.color = When::parse(&parser.value()?)?,
            Short('h') | Long("help") => return tool.help(HELP),
            Short('V') | Long("version") => return tool.version(),
            Value(operand) => request.operands.push(operand),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(request))
}

fn format(value: &std::ffi::OsStr) -> Result<Format, Stop> {
    let formats = [
        ("text", Format::Text),
        ("lines", Format::Lines),
        ("json", Format::Json),
        ("prometheus", Format::Prometheus),
    ];
    cli::word("--output", value, &formats)
}

fn print(tool: &Tool, request: &Request, files: &Files<'_>, out: &mut Output) -> Result<(), Stop> {
    let default = if out.is_terminal() { Format::Text } else { Format::Lines };
    let format = request.format.unwrap_or(default);
    let color = request.color.decide(out.is_terminal());
    let wanted = |label: &[u8]| request.labels.want(label);
    if format == Format::Prometheus && matches!(request.function, None | Some(Function::Auto)) {
        let (operands, labels) = (&request.operands, &request.labels);
        let reading = Reading { tool, files, operands, labels };
        return prometheus::write(&reading, &request.prometheus, request.function.is_some(), out);
    }
    if let Some(function) = request.function {
        let mut aggregate = Aggregate::new(function);
        let mut paths = Vec::new();
        files.each(&mut |snapshot| {
            for field in fields(tool, snapshot).filter(|field| wanted(field.label())) {
                aggregate.add(paths.len(), &field);
            }
            paths.push(snapshot.path().to_owned());
            Ok(())
        })?;
        let results = aggregate.results();
        for result in &results {
            for &file in &result.left_out {
                tool.left_out(&paths[file], &result.label);
            }
        }
        return match format {
            Format::Text => records::aggregated_text(&results, color, out),
            Format::Lines => records::aggregated_lines(&results, color, out),
            Format::Json => records::aggregated_json(&results, out),
            Format::Prometheus => prometheus::write_results(tool, &request.prometheus, &results, out),
        };
    }
    match format {
        Format::Text => files.each(&mut |snapshot| {
            let fields: Vec<_> = fields(tool, snapshot).filter(|field| wanted(field.label())).collect();
            records::text(snapshot.path(), &fields, color, out)
        }),
        Format::Lines => files.each(&mut |snapshot| {
            let mut lines = records::Lines::new(snapshot.path(), color);
            fields(tool, snapshot)
                .filter(|field| wanted(field.label()))
                .try_for_each(|field| lines.write(&field, out))
        }),
        Format::Json => {
            let judge = Judge::new();
            files.each(&mut |snapshot| {
                let is_alive = match judge.judge(snapshot).life {
                    Life::Alive => Some(true),
                    Life::Dead => Some(false),
                    Life::Unknown => None,
                };
                let objects = Objects::new(snapshot, is_alive, None);
                fields(tool, snapshot)
                    .filter(|field| wanted(field.label()))
                    .try_for_each(|field| out.gather(|out| objects.push(&field, out)))
            })
        }
        // That was dealt with above.
        Format::Prometheus => Ok(()),
    }
}

/// The fields that could be read; the others are reported.
fn fields<'a>(tool: &'a Tool, snapshot: &'a Snapshot) -> impl Iterator<Item = mmstats::SnapshotField<'a>> {
    snapshot.fields().filter_map(|field| field.map_err(|error| tool.report(&error)).ok())
}
