//! What an update costs its program, and what a look costs its reader, beside others in the same run.
//!
//! `bench [--quick] [--seconds S] [--tools DIR] [--disk DIR] [SECTION]...` with the sections `writer`,
//! `stalls`, `readers`, `observed`, `accuracy`, `scale`, `mmash`; all of them without. `--quick` does one round of everything, which
//! tells that it works and nothing else.
//!
//! The machine's speed drifts, and others use it: so what is compared takes turns in short rounds, and
//! each figure is the median of the rounds' ratios. Separate runs of one candidate after another would
//! compare moments of the machine, not candidates. Nothing here is a test: it prints, and a person judges.

mod accuracy;
mod histogram;
mod machine;
mod mmash;
mod numbers;
mod observed;
mod process;
mod readers;
mod scale;
mod settings;
mod stalls;
mod table;
mod turns;
mod writer;

use std::path::Path;

use settings::{Settings, USAGE};
use table::Table;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // What this program starts itself as.
        ["open-read-close", dir] => return readers::open_read_close(Path::new(dir)),
        ["read-maps"] => return readers::read_maps(),
        ["publish", dir] => return readers::publish(Path::new(dir)),
        ["watch", path] => return observed::watch(Path::new(path)),
        ["--help" | "-h"] => return println!("{USAGE}"),
        _ => {}
    }
    let settings = match Settings::of(&arguments) {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("bench: {message}\n{USAGE}");
            std::process::exit(2);
        }
    };
    machine::print(&settings);
    let mut table = Table::new();
    type Section = fn(&Settings, &mut Table);
    let sections: [(&str, Section); 7] = [
        ("writer", writer::run),
        ("stalls", stalls::run),
        ("readers", readers::run),
        ("observed", observed::run),
        ("accuracy", accuracy::run),
        ("scale", scale::run),
        ("mmash", mmash::run),
    ];
    for (name, run) in sections {
        if settings.wants(name) {
            table.section(name);
            run(&settings, &mut table);
        }
    }
    println!("\nload average after: {}", machine::load());
}
