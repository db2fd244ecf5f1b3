//! slurpstats: print every label and value.

#![forbid(unsafe_code)]

mod destination;
mod picture;
mod records;
mod replace;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::{Labels, Objects, Output, Stop, Tool, When, escape_path};
use figures::{Compound, Function, Outcome};
use files::Ways;
use lexopt::prelude::{Long, Short};
use mmstats::live::{Judge, Life};
use mmstats::{Snapshot, SnapshotField, Value};

use destination::Destination;
use exposition::{Choice, Files, Reading, Together, fields};

const HELP: &str = "\
Print every label and value that running programs publish.

Usage: slurpstats [OPTION]... [PATH]...

PATH is a stats file or a directory; a directory means every *.mmstats
below it. Without PATH, the files that match $MMSTATS_GLOB are read, else
*.mmstats in $MMSTATS_PATH, else in the temporary directory.

Options:
  -p, --prefix PREFIX     only labels that begin with PREFIX; may be repeated;
                          LABEL:p99 is that part of a histogram alone
  -a, --aggregate FN      one record per label over all files; FN is sum,
                          avg, min, max, one, nonzero-avg, nonzero-min or auto
                          (each field by what it means)
      --alive             only files whose writers may be alive
  -o, --output FORMAT     text, lines, json, hist or prometheus; the default is
                          text on a terminal and lines elsewhere
      --by WHAT           one Prometheus series per cmd, pid or file; the
                          default is cmd
      --metric-prefix P   what the names of Prometheus metrics begin with
      --output-file FILE  write to FILE, which is replaced as a whole
      --color WHEN        auto, always or never
  -h, --help              print this help
  -V, --version           print the version

Exit status: 0 success, 1 something could not be read, written or merged, 2
usage error.
";

/// What is done with a file. Whether its writer lives is known where it was asked.
type Show<'a> = dyn FnMut(&Snapshot, Option<Life>) -> Result<(), Stop> + 'a;

/// How records look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Lines,
    Json,
    Histogram,
    Prometheus,
}

/// What the command line asks for.
#[derive(Default)]
struct Request {
    labels: Labels,
    function: Option<Function>,
    is_alive_wanted: bool,
    format: Option<Format>,
    output_file: Option<PathBuf>,
    color: When,
    prometheus: Choice,
    operands: Vec<OsString>,
}

fn main() -> ExitCode {
    cli::run("slurpstats", slurp)
}

fn slurp(tool: &Tool) -> Result<(), Stop> {
    let Some(request) = parse(tool)? else { return Ok(()) };
    let found = cli::find(tool, &request.operands, Ways::One);
    let files = Files::new(tool, &request.operands, &found);
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
            Long("alive") => request.is_alive_wanted = true,
            Long("output-file") => request.output_file = Some(parser.value()?.into()),
            Long("by") => request.prometheus.set_by(&parser.value()?)?,
            Long("metric-prefix") => request.prometheus.set_prefix(&parser.value()?)?,
            Long("color") => request.color = When::parse(&parser.value()?)?,
            Short('h') | Long("help") => return tool.help(HELP),
            Short('V') | Long("version") => return tool.version(),
            lexopt::Arg::Value(operand) => request.operands.push(operand),
            other => return Err(other.unexpected().into()),
        }
    }
    if let (Some(Format::Histogram), Some(function)) = (request.format, request.function) {
        if !function.merges() {
            let why = "--output hist takes --aggregate auto, sum or one: others make no histogram of several";
            return Err(Stop::Usage(why.to_owned()));
        }
    }
    Ok(Some(request))
}

fn format(value: &std::ffi::OsStr) -> Result<Format, Stop> {
    let formats = [
        ("text", Format::Text),
        ("lines", Format::Lines),
        ("json", Format::Json),
        ("hist", Format::Histogram),
        ("prometheus", Format::Prometheus),
    ];
    cli::word("--output", value, &formats)
}

fn print(tool: &Tool, request: &Request, files: &Files<'_>, out: &mut Output) -> Result<(), Stop> {
    let default = if out.is_terminal() { Format::Text } else { Format::Lines };
    let format = request.format.unwrap_or(default);
    let color = request.color.decide(out.is_terminal());
    let labels = &request.labels;
    let (operands, is_alive_wanted) = (&request.operands, request.is_alive_wanted);
    let reading = Reading { tool, files, operands, labels, is_alive_wanted };
    if format == Format::Prometheus {
        return exposition::write(&reading, &request.prometheus, request.function, out);
    }
    let wanted = |field: &SnapshotField<'_>| {
        labels.want(field.label()) || (labels.want_of(field.label()) && field.value().is_compound())
    };
    let judge = Judge::new();
    // Whether a writer lives is asked only where somebody wants to know: it takes time.
    let is_life_shown = is_alive_wanted || format == Format::Json;
    let each = |show: &mut Show<'_>| {
        let show = &mut |snapshot: &Snapshot| {
            let life = is_life_shown.then(|| judge.judge(snapshot).life);
            if is_alive_wanted && life == Some(Life::Dead) { Ok(()) } else { show(snapshot, life) }
        };
        files.each(show)
    };
    if let Some(function) = request.function {
        let results = Together::read(&reading, function)?.results();
        return match format {
            Format::Text => records::aggregated_text(&results, &request.labels, color, out),
            Format::Lines => records::aggregated_lines(&results, &request.labels, color, out),
            Format::Json => records::aggregated_json(&results, &request.labels, out),
            Format::Histogram => {
                let pictures = results.iter().filter_map(|result| match &result.outcome {
                    Outcome::Compound(compound) => match compound.as_ref() {
                        Compound::Histogram(total) => Some((result, total)),
                        _ => None,
                    },
                    _ => None,
                });
                let mut is_first = true;
                for (result, total) in pictures {
                    if !std::mem::take(&mut is_first) {
                        out.write_str("\n")?;
                    }
                    picture::draw(&result.label, total, result.about.unit.as_deref(), color, out)?;
                }
                no_histogram(tool, is_first);
                Ok(())
            }
            // That was dealt with above.
            Format::Prometheus => Ok(()),
        };
    }
    match format {
        Format::Text => each(&mut |snapshot, _| {
            let fields: Vec<_> = fields(tool, snapshot).filter(wanted).collect();
            records::text(snapshot.path(), &fields, labels, color, out)
        }),
        Format::Lines => each(&mut |snapshot, _| {
            let mut lines = records::Lines::new(snapshot.path(), color);
            fields(tool, snapshot).filter(wanted).try_for_each(|field| lines.write(&field, labels, out))
        }),
        Format::Json => each(&mut |snapshot, life| {
            let is_alive = match life {
                Some(Life::Alive) => Some(true),
                Some(Life::Dead) => Some(false),
                _ => None,
            };
            let objects = Objects::new(snapshot, is_alive, None);
            fields(tool, snapshot)
                .filter(wanted)
                .try_for_each(|field| records::json(&objects, &field, labels, out))
        }),
        Format::Histogram => {
            let mut is_none = true;
            each(&mut |snapshot, _| {
                let mut is_first = true;
                for field in fields(tool, snapshot).filter(wanted) {
                    let Value::Histogram(histogram) = field.value() else { continue };
                    if std::mem::take(&mut is_first) {
                        writeln!(
                            out,
                            "{}",
                            color.head(format_args!("==> {}", escape_path(snapshot.path())))
                        )?;
                    }
                    picture::draw(field.label(), &histogram.total(), field.unit(), color, out)?;
                    out.write_str("\n")?;
                    is_none = false;
                }
                Ok(())
            })?;
            no_histogram(tool, is_none);
            Ok(())
        }
        // That was dealt with above.
        Format::Prometheus => Ok(()),
    }
}

/// Says that there was nothing to draw.
fn no_histogram(tool: &Tool, is_none: bool) {
    if is_none {
        tool.error_at("--output hist", &"no file has a histogram under such a label");
    }
}
