//! mmash: show what running programs publish in a browser, as JSON and for Prometheus.
//!
//! The main thread looks at the files; another one answers requests, and has no more to do with the files than to
//! read them where an answer needs them as they are now.

#![forbid(unsafe_code)]

mod answer;
mod api;
mod assets;
mod course;
mod dead;
mod event;
mod events;
mod gate;
mod history;
mod listen;
mod metrics;
mod original;
mod process;
mod reading;
mod sample;
mod serve;
mod shown;
mod site;
mod target;
mod watch;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cli::{Output, Stop, Tool};
use files::Operands;
use lexopt::prelude::*;

use gate::Gate;
use history::{LABELS, Record};
use listen::{Address, Listener};
use reading::Problem;
use sample::Sampler;
use serve::End;
use site::{Site, Word};

const HELP: &str = "\
Show what running programs publish in a browser, as JSON and for Prometheus.

Usage: mmash [OPTION]... [PATH]...

PATH is a stats file or a directory; a directory stands for every *.mmstats
below it. Without PATH, the files that match $MMSTATS_GLOB are read, else
*.mmstats in $MMSTATS_PATH, else in the temporary directory.

The address of the page is printed when it is there. Only programs on this
machine can connect, unless --listen says otherwise.

Options:
  -l, --listen ADDRESS     IP:PORT or unix:PATH; may be repeated; the default
                           is 127.0.0.1:5002, or the sockets of systemd
  -P, --pid PID            the files that process PID has mapped, wherever they
                           are; a name means all processes of that name; may be
                           repeated
  -A, --all                those of every process that can be seen
      --allow-host NAME    also answer requests for this host; may be repeated
      --exit-idle SECONDS  end when nobody has been connected for that long
  -h, --help               print this help
  -V, --version            print the version

Exit status: 0 success, 1 an address could not be listened on, 2 usage error.
A signal ends it as it ends any program.
";

/// The time between two samples.
const PERIOD: Duration = Duration::from_secs(1);
/// How many problems are remembered as said.
const SAID: usize = 1000;

/// What the command line asks for.
#[derive(Default)]
struct Request {
    addresses: Vec<Address>,
    allowed: Vec<String>,
    idle: Option<Duration>,
    operands: Operands,
}

fn main() -> ExitCode {
    cli::run("mmash", mmash)
}

/// Reads the command line. `None` where help or version was all that was wanted.
fn parse(tool: &Tool) -> Result<Option<Request>, Stop> {
    let mut request = Request::default();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('l') | Long("listen") => request.addresses.push(Address::parse(&parser.value()?)?),
            Short('P') | Long("pid") => cli::process(&mut request.operands, &parser.value()?)?,
            Short('A') | Long("all") => request.operands.add_all_processes(),
            Long("allow-host") => request.allowed.push(host(&parser.value()?)?),
            Long("exit-idle") => request.idle = Some(cli::seconds("--exit-idle", &parser.value()?, 1.0)?),
            Short('h') | Long("help") => return tool.help(HELP),
            Short('V') | Long("version") => return tool.version(),
            Value(operand) => request.operands.paths.push(operand),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(request))
}

fn host(value: &OsStr) -> Result<String, Stop> {
    let is_name = |name: &String| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let name = value.to_str().map(str::to_owned).filter(is_name);
    name.ok_or_else(|| Stop::Usage(format!("--allow-host takes the name of a host, not {value:?}")))
}

fn mmash(tool: &Tool) -> Result<(), Stop> {
    let Some(request) = parse(tool)? else { return Ok(()) };
    let listeners = listen(tool, &request.addresses)?;
    let (words, inbox) = channel();
    let record = Arc::new(Mutex::new(Record::default()));
    let gate = Gate::new(request.allowed);
    let site = Arc::new(Site::new(gate, request.operands.clone(), Arc::clone(&record), words.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .build()
        .map_err(Stop::Output)?;
    say_where(tool, &listeners)?;
    let server = Arc::clone(&site);
    let idle = request.idle;
    let serving = thread::Builder::new().name("serve".to_owned()).spawn(move || {
        let end = runtime.block_on(serve::serve(listeners, server, idle));
        runtime.shutdown_background();
        // The main thread waits for this word and for nothing else.
        let _ = words.send(Word::Ended(end));
    });
    serving.map_err(Stop::Output)?;
    let mut sampler = Sampler::new(request.operands, record);
    match attend(tool, &mut sampler, &site, &inbox) {
        End::Idle => Ok(()),
        End::Signal(signal) => Err(Stop::Signal(signal)),
        End::Failed(error) => {
            tool.error_at("serving", &cli::plain(&error));
            Err(Stop::Failed)
        }
    }
}

/// Opens all sockets: those of systemd, and those that were asked for.
fn listen(tool: &Tool, addresses: &[Address]) -> Result<Vec<Listener>, Stop> {
    let failed = |what: &str, error: &std::io::Error| {
        tool.error_at(what, &cli::plain(error));
        Stop::Failed
    };
    let mut listeners = Listener::inherited().map_err(|error| failed("LISTEN_FDS", &error))?;
    let default = [Address::parse(Address::DEFAULT.as_ref())?];
    let addresses = if listeners.is_empty() && addresses.is_empty() { &default } else { addresses };
    for address in addresses {
        let listener = Listener::open(address).map_err(|error| failed(&address.to_string(), &error))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Prints where to look, one address per line.
fn say_where(tool: &Tool, listeners: &[Listener]) -> Result<(), Stop> {
    let mut out = Output::standard()?;
    for listener in listeners {
        writeln!(out, "{}", listener.url().map_err(Stop::Output)?)?;
        if let Some(address) = listener.is_open_to_others() {
            tool.say(&format!(
                "{address}: everybody who can connect sees all values, and nothing is encrypted"
            ));
        }
    }
    out.flush()
}

/// Takes a sample each second and says what goes wrong, until nobody is served any more.
fn attend(tool: &Tool, sampler: &mut Sampler, site: &Site, inbox: &Receiver<Word>) -> End {
    let mut said = BTreeSet::new();
    // What is wrong with a file is said once, not with each look.
    let mut say = |problem: Problem| {
        if said.len() < SAID && !said.contains(&problem) {
            tool.say(problem.line());
            said.insert(problem);
        }
    };
    let mut next = Instant::now();
    loop {
        match inbox.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Word::Ended(end)) => return end,
            Ok(Word::Problem(problem)) => say(problem),
            Err(RecvTimeoutError::Disconnected) => return End::Idle,
            Err(RecvTimeoutError::Timeout) => {
                sampler.sample(&mut |notice| Problem::of_notice(notice).into_iter().for_each(&mut say));
                if sampler.is_crowded() {
                    let reason = format!("more than {LABELS} labels: the page leaves out the others");
                    say(Problem::new("labels", &reason));
                }
                site.has_sampled();
                // Samples that are past already are left out.
                next = (next + PERIOD).max(Instant::now());
            }
        }
    }
}
