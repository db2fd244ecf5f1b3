//! What reading costs: the tools as whole processes, and looks at files that are followed.

mod dump;
pub(crate) mod files;
mod follow;
mod poll;
mod processes;
mod show;
mod start;

pub(crate) use dump::open_read_close;
pub(crate) use processes::{publish, read_maps};

use crate::settings::Settings;
use crate::table::Table;

pub(crate) fn run(settings: &Settings, table: &mut Table) {
    dump::run(settings, table);
    poll::run(settings, table);
    processes::run(settings, table);
    follow::run(settings, table);
    show::run(settings, table);
    start::run(settings, table);
}
