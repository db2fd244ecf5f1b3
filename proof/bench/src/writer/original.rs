//! The original, where `MMSTATS_PYTHON2` names a Python 2.7 that has it.

use std::cell::Cell;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use mmstats::Instance;

use super::{Extent, PLAIN, Stats, bump};
use crate::process::Servant;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};

const WORK: &str = "the original: counter.incr()";

/// For each line with a number, as many increments, and a line with the seconds of one.
const SCRIPT: &str = "
import sys, time, mmstats
class Stats(mmstats.MmStats):
    counter = mmstats.CounterField()
stats = Stats(path=sys.argv[1], filename='original.mmstats')
print 0
sys.stdout.flush()
def count(n):
    for _ in xrange(n):
        stats.counter.incr()
while True:
    line = sys.stdin.readline()
    if not line:
        break
    n = int(line)
    start = time.time()
    count(n)
    print repr((time.time() - start) / n)
    sys.stdout.flush()
";

pub(super) fn run(stats: &Instance<Stats>, settings: &Settings, extent: &Extent, table: &mut Table) {
    let python = std::env::var_os("MMSTATS_PYTHON2");
    let started = python
        .and_then(|python| Servant::start(Command::new(python).args(["-c", SCRIPT]).arg(settings.memory())));
    let Some(mut servant) = started else { return table.missing(WORK, "not installed") };
    let plain = Cell::new(0_u64);
    let plain = black_box(&plain);
    // It takes a thousand times as long.
    let order = (extent.operations / 100).to_string();
    servant.ask(&order);
    let (mut bare, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..extent.rounds {
        bare.push(each(extent.operations, || bump(plain)));
        ours.push(each(extent.operations, || stats.counter.incr()));
        theirs.push(servant.ask(&order)[0]);
    }
    let amount = Amount::Seconds(median(&theirs));
    table.row(WORK, PLAIN, &Sample::ratios(&theirs, &bare), amount, None);
    table.row(WORK, "counter.incr()", &Sample::ratios(&theirs, &ours), amount, None);
}

#[inline]
fn each(times: u64, work: impl Fn()) -> f64 {
    let began = Instant::now();
    (0..times).for_each(|_| work());
    began.elapsed().as_secs_f64() / times as f64
}
